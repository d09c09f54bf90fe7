package jpeg

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// The pictures of testdata were written by cjpeg, their checksums by djpeg; testdata/make_images.py says how.
func TestChecksums(t *testing.T) {
	var d Decoder
	for name, want := range checksums(t) {
		t.Run(name, func(t *testing.T) { requireChecksum(t, &d, name, want) })
	}
}

// Checksums of what Pillow 13.0.0 (libjpeg-turbo 3) decodes from some of the ImageNet photographs: 4:4:4, 4:2:0, 4:2:2, 4:4:0, grey.
func TestPhotographs(t *testing.T) {
	var d Decoder
	for name, want := range map[string]string{
		"n01440764/n01440764_tench.JPEG":             "4561c35e",
		"n01484850/n01484850_great_white_shark.JPEG": "56c86802",
		"n01494475/n01494475_hammerhead.JPEG":        "c0ca7c1e",
		"n01630670/n01630670_common_newt.JPEG":       "10b2540e",
		"n01644900/n01644900_tailed_frog.JPEG":       "120354d0",
		"n01667778/n01667778_terrapin.JPEG":          "275a4f9d",
		"n02088364/n02088364_beagle.JPEG":            "038a9a3f",
		"n02104029/n02104029_kuvasz.JPEG":            "a4690977",
		"n02676566/n02676566_acoustic_guitar.JPEG":   "05d87053",
		"n02815834/n02815834_beaker.JPEG":            "f717c571",
		"n03388043/n03388043_fountain.JPEG":          "b84216a2",
		"n03461385/n03461385_grocery_store.JPEG":     "ea3e1e5c",
		"n03770679/n03770679_minivan.JPEG":           "fecf00e6",
	} {
		t.Run(name[:9], func(t *testing.T) {
			requireChecksum(t, &d, shareddata.Path(t, "imagenet-sample/val/"+name), want)
		})
	}
}

func requireChecksum(t *testing.T, d *Decoder, path, want string) {
	t.Helper()
	got, err := d.Decode(readFile(t, path), nil)
	require.NoError(t, err)
	require.NoError(t, got.Check())
	require.Equal(t, want, fmt.Sprintf("%08x", crc32.ChecksumIEEE(got.Pix)))
}

// checksums returns testdata/crc32.txt by path.
func checksums(t testing.TB) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for line := range strings.Lines(string(readFile(t, "testdata/crc32.txt"))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		sums["testdata/"+name] = sum
	}
	require.NotEmpty(t, sums)
	return sums
}
