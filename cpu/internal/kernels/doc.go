// Package kernels is the innermost loops of the CPU's inference: 1x1 convolutions, depthwise convolutions, the first
// convolution, pooling and the classifier, on channel blocks of eight and packed weights.
//
//	set, err := kernels.Best(os.Getenv)
//	set.Pointwise[2](&kernels.Pointwise{...}) // one panel of 16 output channels, all pixels
//
// A kernel takes one struct of addresses and sizes and trusts it: there are no checks here. Every set computes the same
// formulas, which stand beside the structs; [Generic] is plain Go and the specification of the others. Sums run over the
// input channels in order, starting from the bias, so a result does not depend on how rows are cut into tiles; sets differ
// in rounding only.
//
// The assembly is written by the generator in gen; go generate runs it.
package kernels

//go:generate go -C gen run -tags purego . -out ../zz_avx2_amd64.s -stubs ../zz_avx2_amd64.go -pkg kernels
//go:generate go -C gen run -tags purego . -avx512 -out ../zz_avx512_amd64.s -stubs ../zz_avx512_amd64.go -pkg kernels
//go:generate go -C gen run -tags purego ./neon ..
