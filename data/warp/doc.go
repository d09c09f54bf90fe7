// Package warp moves the pixels of 8-bit images by affine maps: shear, translation, rotation. Every byte is equal to that
// of OpenCV 4.5's warpAffine, which MindSpore's image operators call: positions have 5 bits behind the point, weights 15.
//
//	var s warp.Scratch
//	warp.Affine(dst, src, warp.Rotation(src.W, src.H, 30), warp.Linear, [3]byte{124, 116, 104}, &s)
package warp

import "math"

// Filter says how a pixel is read between the source's pixels.
type Filter int

// The filters. OpenCV's area and linear are the same here.
const (
	Linear Filter = iota
	Nearest
	Cubic // a = -0.75
)

// Matrix maps a source position (x, y) to the result's (M[0]x + M[1]y + M[2], M[3]x + M[4]y + M[5]).
type Matrix [6]float64

// Shear and translation as MindSpore's RandomAffine computes them, in float32: the matrix keeps the centre of a w x h picture
// in place, shears by degrees along x and y, and then moves by a share of the width and the height.
func affine(w, h int, shearX, shearY, moveX, moveY float64) Matrix {
	x := math.Tan(float64(radians(float32(shearX))))
	yRad := radians(-float32(shearY))
	y := float64(yRad)
	var m [6]float32
	m[0] = float32(math.Cos(y) / math.Cos(y))
	m[1] = float32(float64(-math.Cos(y)*x) / math.Cos(y))
	m[3] = float32(math.Sin(y) / math.Cos(y))
	m[4] = float32(float64(float64(-math.Sin(y)*x)/math.Cos(y)) + 1)
	cx, cy := float32(float64(w-1)/2), float32(float64(h-1)/2)
	tx, ty := float32(moveX)*float32(w), float32(moveY)*float32(h)
	m[2] = float32(float32((1-m[0])*cx)-float32(m[1]*cy)) + tx
	m[5] = float32(float32((1-m[4])*cy)-float32(m[3]*cx)) + ty
	var out Matrix
	for i, v := range m {
		out[i] = float64(v)
	}
	return out
}

func radians(degrees float32) float32 { return float32(float64(degrees) * math.Pi / 180) }

// ShearX shears a w x h picture about its centre along x, by an angle in degrees.
func ShearX(w, h int, degrees float64) Matrix { return affine(w, h, degrees, 0, 0, 0) }

// ShearY shears along y, by an angle in degrees.
func ShearY(w, h int, degrees float64) Matrix { return affine(w, h, 0, degrees, 0, 0) }

// TranslateX moves right by a share of the width.
func TranslateX(w, h int, share float64) Matrix { return affine(w, h, 0, 0, share, 0) }

// TranslateY moves down by a share of the height.
func TranslateY(w, h int, share float64) Matrix { return affine(w, h, 0, 0, 0, share) }

// Rotation turns a w x h picture about its centre, counter-clockwise for positive degrees, as OpenCV's getRotationMatrix2D.
func Rotation(w, h int, degrees float64) Matrix {
	cx, cy := float64(float32(float64(w-1)/2)), float64(float32(float64(h-1)/2))
	a := float64(float32(degrees)) * math.Pi / 180
	alpha, beta := math.Cos(a), math.Sin(a)
	return Matrix{
		alpha, beta, float64((1-alpha)*cx) - float64(beta*cy),
		-beta, alpha, float64(beta*cx) + float64((1-alpha)*cy),
	}
}

// inverse is the map from the result to the source, in OpenCV's order of operations.
func (m Matrix) inverse() Matrix {
	d := float64(m[0]*m[4]) - float64(m[1]*m[3])
	if d != 0 {
		d = 1 / d
	}
	a11, a22 := m[4]*d, m[0]*d
	a12, a21 := m[1]*-d, m[3]*-d
	return Matrix{
		a11, a12, -float64(a11*m[2]) - float64(a12*m[5]),
		a21, a22, -float64(a21*m[2]) - float64(a22*m[5]),
	}
}
