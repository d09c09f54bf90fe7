package cli

import "testing"

func TestMarkdownIsGolden(t *testing.T) {
	golden(t, "cli.md", App{Commands: declarations()}.Markdown())
}
