// Package shareddata finds the real images, weights and files that stand beside the repository and are never part of it.
//
// Tests ask for a file and are skipped where the folder is absent. A machine that is meant to have it sets
// MNV2_REQUIRE=shared, which turns the skip into a failure.
package shareddata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Path returns the path of name inside the shared data folder (for example "images/444.jpg").
// It skips t when there is no such folder or file, and fails t instead if MNV2_REQUIRE names "shared".
func Path(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(), "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err == nil {
		return path
	} else if Required("shared") {
		t.Fatalf("shared data %q: %v (MNV2_REQUIRE asks for it; MNV2_SHARED names the folder)", name, err)
	}
	t.Skipf("shared data %q is not on this machine (MNV2_SHARED names the folder)", name)
	return ""
}

// Skip skips t for the lack of what, and fails it instead if MNV2_REQUIRE names that.
func Skip(t testing.TB, what string, why any) {
	t.Helper()
	if Required(what) {
		t.Fatalf("MNV2_REQUIRE asks for %s: %v", what, why)
	}
	t.Skip(why)
}

// Required reports whether the comma-separated list in MNV2_REQUIRE holds what.
func Required(what string) bool {
	for _, word := range strings.Split(os.Getenv("MNV2_REQUIRE"), ",") {
		if strings.TrimSpace(word) == what {
			return true
		}
	}
	return false
}

// root is MNV2_SHARED, or the folder "shared" beside the repository.
func root() string {
	if dir := os.Getenv("MNV2_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return "shared"
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "shared"
		}
		dir = parent
	}
}
