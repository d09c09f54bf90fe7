package anydevice

import (
	"math"
	"math/rand/v2"
)

// kinds is how many classes of pictures there are.
const kinds = 10

// pictures returns n generated images of size x size, as bytes of RGB, and their classes: stripes whose direction, width and
// colour tell the class, in noise. A network that works learns them in a few steps. The same number gives the same pictures.
func pictures(number uint64, n, size int) ([]byte, []int32) {
	rng := rand.New(rand.NewPCG(number, 17))
	images, labels := make([]byte, 0, n*size*size*3), make([]int32, n)
	for i := range labels {
		class := rng.IntN(kinds)
		labels[i] = int32(class)
		angle, phase := math.Pi*float64(class)/kinds, 2*math.Pi*rng.Float64()
		step := 2 * math.Pi * float64(2+class%3) / float64(size)
		for y := range size {
			for x := range size {
				wave := math.Sin((math.Cos(angle)*float64(x)+math.Sin(angle)*float64(y))*step + phase)
				for c := range 3 {
					v := 128 + 60*wave*math.Cos(float64(c*class)) + 20*rng.NormFloat64()
					images = append(images, byte(min(max(v, 0), 255)))
				}
			}
		}
	}
	return images, labels
}
