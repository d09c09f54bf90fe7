package resize

import "golang.org/x/sys/cpu"

// useAVX2 is a variable so that tests can run both ways.
var useAVX2 = cpu.X86.HasAVX2

// horizontal3AVX2 is cv2Horizontal for three channels: count outputs, a multiple of 2, whose near pixels begin at the bytes near of
// row and have eight bytes from there on. weights[i] is near and far weight of output i four times over. Two bytes behind the last
// sum are overwritten.
//
//go:noescape
func horizontal3AVX2(sums *int16, row *byte, near *int32, weights *[8]int16, count int)

// verticalAVX2 is cv2Vertical for count outputs, a multiple of 16.
//
//go:noescape
func verticalAVX2(dst *byte, near, far *int16, wNear, wFar int16, count int)
