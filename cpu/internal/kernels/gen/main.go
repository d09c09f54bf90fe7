// Command gen writes the assembly kernels: every shape comes from one function with loops over its rows and columns.
//
//	go run -tags purego . -out ../zz_avx2_amd64.s -stubs ../zz_avx2_amd64.go
//	go run -tags purego . -avx512 -out ../zz_avx512_amd64.s -stubs ../zz_avx512_amd64.go
//	go run -tags purego . -train -out ../train_avx2_amd64.s -stubs ../train_avx2_amd64.go
//	go run -tags purego . -train -avx512 -out ../train_avx512_amd64.s -stubs ../train_avx512_amd64.go
package main

import (
	"flag"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

// kernelsPackage is where the argument structs are, whose offsets the assembly has in it.
const kernelsPackage = "mnv2/cpu/internal/kernels"

func main() {
	// The package is read without its assembly, which may not be there yet.
	os.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -tags=purego")
	Package(kernelsPackage)
	ConstraintExpr("amd64,!purego")
	train := flag.Bool("train", false, "write the kernels of training")
	zmm := flag.Bool("avx512", false, "write the kernels with AVX-512 that differ from those with AVX2")
	flag.Parse()
	if *train && *zmm {
		trainingWide()
		Generate()
		return
	}
	if *train {
		training()
		Generate()
		return
	}
	if *zmm {
		for vectors := 2; vectors <= 4; vectors++ {
			pointwise(wide{rows: wideRows[vectors], columns: 8 * vectors})
			stem(wide{rows: wideRows[vectors], columns: 8 * vectors})
		}
		fmaPeakWide()
		Generate()
		return
	}
	for vectors := 1; vectors <= 3; vectors++ {
		pointwise(shape{rows: tileRows[vectors], vectors: vectors})
		stem(shape{rows: tileRows[vectors], vectors: vectors})
	}
	depthwise(1)
	depthwise(2)
	matVec()
	mean()
	accumulate()
	pixels()
	pause()
	fmaPeak()
	Generate()
}

// tileRows is how many rows a full tile has, by vectors of columns: as many as leave three of the sixteen registers or more
// for weights and the row's value.
var tileRows = [...]int{1: 8, 2: 6, 3: 4}

// wideRows is how many rows a full tile of AVX-512 has, by vectors of columns. They are counts into which, and one less, the
// network's planes can be cut: 49 pixels are four tiles of 10 and one of 9, or three of 14 and one of 7; the other planes,
// and tiles of their rows, are multiples of 14.
var wideRows = [...]int{2: 10, 3: 14, 4: 14}
