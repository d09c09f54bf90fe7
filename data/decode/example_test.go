package decode_test

import (
	"errors"
	"fmt"
	"os"

	"mnv2/data/decode"
)

func Example() {
	b, err := os.ReadFile("testdata/420-23x17.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	img, err := decode.Image(b, "420-23x17.jpg", decode.Limits{})
	fmt.Println(img.W, img.H, img.C, err)
	_, err = decode.Image(b[:200], "cut.jpg", decode.Limits{})
	fmt.Println(errors.Is(err, decode.ErrImage))
	// Output:
	// 23 17 3 <nil>
	// true
}
