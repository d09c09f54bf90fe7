package cli

import (
	"path/filepath"
	"testing"
)

func TestDocumentIsUpToDate(t *testing.T) {
	golden(t, filepath.Join("..", "..", "..", "docs", "cli.md"), App{Commands: Declarations()}.Markdown())
}
