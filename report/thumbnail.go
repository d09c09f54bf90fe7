package report

import (
	"bytes"
	"image"
	"image/jpeg"
)

// thumbnailSize is the longest side of a picture in the report.
const thumbnailSize = 96

// Thumbnail makes a small JPEG of a picture's bytes: size x size, height by width by channel, one channel or three.
// Larger pictures are averaged down.
func Thumbnail(picture []byte, size, channels int) []byte {
	out := min(size, thumbnailSize)
	img := image.NewRGBA(image.Rect(0, 0, out, out))
	for y := range out {
		for x := range out {
			at := img.PixOffset(x, y)
			for c := range 3 {
				img.Pix[at+c] = mean(picture, size, channels, min(c, channels-1), span(x, out, size), span(y, out, size))
			}
			img.Pix[at+3] = 255
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		return nil // a buffer does not fail, and the size is legal
	}
	return b.Bytes()
}

// span is the range of source pixels under pixel i of out.
func span(i, out, size int) [2]int {
	from := i * size / out
	return [2]int{from, max(from+1, (i+1)*size/out)}
}

func mean(picture []byte, size, channels, c int, xs, ys [2]int) byte {
	sum, n := 0, 0
	for y := ys[0]; y < ys[1]; y++ {
		for x := xs[0]; x < xs[1]; x++ {
			sum += int(picture[(y*size+x)*channels+c])
			n++
		}
	}
	return byte((sum + n/2) / n)
}
