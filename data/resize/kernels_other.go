//go:build !amd64

package resize

// useAVX2 is false where there is no such thing.
var useAVX2 = false

func horizontal3AVX2(*int16, *byte, *int32, *[8]int16, int) { panic("no vectors here") }

func verticalAVX2(*byte, *int16, *int16, int16, int16, int) { panic("no vectors here") }
