package resize

import (
	"testing"

	"mnv2/data/pixel"
)

// BenchmarkCrop resizes a crop of 82 000 pixels, the mean of random resized crops on ImageNet, to 224x224.
func BenchmarkCrop(b *testing.B) {
	src, dst := pattern(500, 375, 3), pixel.New(224, 224, 3)
	r := pixel.Rect{X: 33, Y: 20, W: 305, H: 269}
	for _, f := range []Filter{CV2Linear, PILBilinear, PILBicubic} {
		b.Run(f.String(), func(b *testing.B) {
			var s Scratch
			b.ReportAllocs()
			for b.Loop() {
				Crop(dst, src, r, f, &s)
			}
		})
	}
}
