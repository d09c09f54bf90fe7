//go:build amd64 && !purego

package kernels

// nativeTrain returns the loops in assembly for a set, or nil. The sets are those of [native], which asked the processor.
func nativeTrain(set string) *Train {
	if set != "avx2" && set != "avx512" {
		return nil
	}
	t := trainAVX2()
	if set == "avx512" {
		t.Outer = [7]func(*Outer){1: outer8x8_avx512, 2: outer8x16_avx512, 3: outer8x24_avx512, 4: outer8x32_avx512,
			5: outer8x40_avx512, 6: outer8x48_avx512}
		t.Moments, t.Normalize = moments_avx512, normalize_avx512
		t.GradSums = [2]func(*GradSums){gradSums_avx512, gradSumsMasked_avx512}
		t.NormalizeGrad = [2]func(*NormalizeGrad){normalizeGrad_avx512, normalizeGradMasked_avx512}
	}
	return t
}

func trainAVX2() *Train {
	return &Train{
		Outer:               [7]func(*Outer){1: outer8x8_avx2, 2: outer8x16_avx2, 3: outer8x24_avx2},
		Transpose:           transpose_avx2,
		Copy:                copy_avx2,
		AddUp:               addUp_avx2,
		DepthwiseGradWeight: [3]func(*DepthwiseGradWeight){1: depthwiseGradWeight_s1_avx2, 2: depthwiseGradWeight_s2_avx2},
		DepthwiseGradInput:  depthwiseGradInput_avx2,
		StemGradWeight:      stemGradWeight_avx2,
		Moments:             moments_avx2,
		GradSums:            [2]func(*GradSums){gradSums_avx2, gradSumsMasked_avx2},
		Normalize:           normalize_avx2,
		NormalizeGrad:       [2]func(*NormalizeGrad){normalizeGrad_avx2, normalizeGradMasked_avx2},
		Clamp:               clamp_avx2,
		Mask:                mask_avx2,
		Blend:               blend_avx2,
		Scale:               scale_avx2,
		Momentum:            [2]func(*Momentum){momentum_avx2, nesterov_avx2},
		Adam:                adam_avx2,
		Lion:                lion_avx2,
		RMSProp:             rmsprop_avx2,
		Adagrad:             adagrad_avx2,
		Largest:             largest_avx2,
		SumSquares:          sumSquares_avx2,
	}
}
