package warp

import (
	"math"
	"sync"
)

// cubicWeights are those of 4x4 pixels, rows top to bottom; they add up to 1<<weightBits.
type cubicWeights [16]int16

// cubicTable returns the weights by fraction: 32 vertical times 32 horizontal ones. It is made when first needed.
var cubicTable = sync.OnceValue(func() *[subSteps * subSteps]cubicWeights {
	var line [subSteps][4]float32
	for i := range line {
		line[i] = cubicAt(float32(i) * (1. / subSteps))
	}
	table := new([subSteps * subSteps]cubicWeights)
	for y := range subSteps {
		for x := range subSteps {
			table[y*subSteps+x] = product(line[y], line[x])
		}
	}
	return table
})

// cubicAt is Keys' cubic with a = -0.75 at the distances x+1, x, 1-x, 2-x, in float32 as OpenCV computes it.
func cubicAt(x float32) (w [4]float32) {
	const a = float32(-0.75)
	w[0] = float32(float32(float32(a*(x+1)-5*a)*(x+1)+8*a)*(x+1)) - 4*a
	w[1] = float32(float32(float32(float32((a+2)*x)-(a+3))*x)*x) + 1
	w[2] = float32(float32(float32(float32((a+2)*(1-x))-(a+3))*(1-x))*(1-x)) + 1
	w[3] = 1 - w[0] - w[1] - w[2]
	return w
}

// product multiplies the weights of both axes and rounds. What rounding changed about the sum is put right in one of the four middle
// weights: the smallest if the sum is too large, the largest if it is too small.
func product(rows, cols [4]float32) (w cubicWeights) {
	sum := 0
	for i := range w {
		v := float32(rows[i>>2] * cols[i&3])
		w[i] = int16(max(min(math.RoundToEven(float64(v*(1<<weightBits))), math.MaxInt16), math.MinInt16))
		sum += int(w[i])
	}
	diff := sum - 1<<weightBits
	if diff == 0 {
		return w
	}
	least, most := 2*4+2, 2*4+2
	for _, i := range [4]int{2*4 + 2, 2*4 + 3, 3*4 + 2, 3*4 + 3} { // OpenCV's middle
		if w[i] < w[least] {
			least = i
		} else if w[i] > w[most] {
			most = i
		}
	}
	if diff < 0 {
		w[most] -= int16(diff)
	} else {
		w[least] -= int16(diff)
	}
	return w
}
