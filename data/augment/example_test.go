package augment_test

import (
	"fmt"
	"math/rand/v2"

	"mnv2/data/augment"
	"mnv2/data/pixel"
)

// The same image and the same seed give the same training picture; evaluation needs no seed.
func Example() {
	img := pixel.New(500, 375, 3) // from decode.Image
	train := augment.Train{Size: 224, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5}
	eval := augment.Eval{Size: 224, CropPct: 0.875}
	for _, err := range []error{train.Check(), eval.Check()} {
		if err != nil {
			fmt.Println(err)
		}
	}
	dst := make([]byte, 224*224*3)
	var s augment.Scratch
	train.Apply(dst, img, rand.New(rand.NewPCG(42, 0)), &s)
	eval.Apply(dst, img, &s)
	fmt.Printf("%+v\n", eval.Geometry(img.W, img.H))
	// Output: {W:341 H:256 X:58 Y:16}
}
