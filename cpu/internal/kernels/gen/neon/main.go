// Command neon writes the assembly kernels of arm64: every shape comes from one function with loops over its rows and columns, as in the
// generator for amd64, whose library knows amd64 only.
//
//	go run -tags purego ./neon ..
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// tileRows is how many rows a full tile has, by vectors of eight columns: as many as leave registers, of which there are 32, for a row's
// channels and for weights.
var tileRows = [...]int{1: 8, 2: 5, 3: 4}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: neon FOLDER")
		os.Exit(2)
	}
	a := &assembler{}
	for vectors := 1; vectors <= 3; vectors++ {
		pointwise(a, vectors, tileRows[vectors])
		stem(a, vectors, tileRows[vectors])
	}
	depthwise(a, 1)
	depthwise(a, 2)
	matVec(a)
	mean(a)
	accumulate(a)
	fmaPeak(a)
	for name, text := range map[string]string{"zz_neon_arm64.s": a.assembly(), "zz_neon_arm64.go": a.declarations()} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
