// Package configs holds the built-in recipes: YAML files with MindCV's keys and values, embedded in the program so
// that --config NAME works without a file.
package configs

import (
	"embed"
	"path"
	"strings"
)

//go:embed shapes.yaml mobilenetv2/*.yaml
var files embed.FS

// folders in which recipes lie, in the order of Names.
var folders = []string{".", "mobilenetv2"}

// Recipe returns the text of the recipe of that name: its file name with or without folder and .yaml.
func Recipe(name string) ([]byte, bool) {
	base := strings.TrimSuffix(path.Base(strings.ReplaceAll(name, `\`, "/")), ".yaml")
	for _, folder := range folders {
		known := path.Join(folder, base)
		if name != base && name != base+".yaml" && name != known && name != known+".yaml" {
			continue
		}
		if text, err := files.ReadFile(known + ".yaml"); err == nil {
			return text, true
		}
	}
	return nil, false
}

// Names lists the recipes, sorted within each folder.
func Names() []string {
	var names []string
	for _, folder := range folders {
		entries, err := files.ReadDir(folder)
		if err != nil {
			continue // the folders are embedded; a test reads each recipe
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
