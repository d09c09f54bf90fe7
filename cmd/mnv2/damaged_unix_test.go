//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/internal/cli"
	"mnv2/model"
	"mnv2/weights"
)

// maxResident is the most memory, in KiB, that the program may take on any of the files below.
const maxResident = 256 << 10

// damaged fills a folder with files that are not what their names promise, and one good checkpoint.
func damaged(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, b, 0o666))
	}
	good := filepath.Join(dir, "good.ckpt")
	a, err := model.New(model.Config{Width: 0.35, Classes: 2, InChannels: 3})
	require.NoError(t, err)
	require.NoError(t, weights.Save(good, checkpoint.CKPT, model.MindCV, weights.Snapshot{Arch: a, Values: a.Init(1),
		Card: weights.Card{ImageSize: 32}}))
	whole, err := os.ReadFile(good)
	require.NoError(t, err)
	var picture bytes.Buffer
	require.NoError(t, jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 30)), nil))

	write("ok.jpg", picture.Bytes())
	write("cut.jpg", picture.Bytes()[:picture.Len()/2])
	write("empty.jpg", nil)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a.jpg"), 0o777))
	write("huge.png", pngHeader(65535, 65535))
	write("cut.ckpt", whole[:len(whole)/2])
	write("bomb.pth", zipBomb())
	write("unknown.yaml", []byte("model: mobilenet_v2_100\nlerning_rate: 1\nbatchsize: 3\n"))
	write("types.yaml", []byte("batch_size: many\nscale: 3\n"))
	write("bomb.yaml", []byte(aliasBomb()))
	for _, split := range []string{"train", "val"} {
		write("set/"+split+"/x/ok.jpg", picture.Bytes())
		write("set/"+split+"/y/cut.jpg", picture.Bytes()[:picture.Len()/2])
		write("set/"+split+"/y/ok.jpg", picture.Bytes())
	}
	return dir
}

// pngHeader is a PNG that claims a size and has nothing behind the claim.
func pngHeader(w, h uint32) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), binary.BigEndian.AppendUint32(nil, 13)...)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

// zipBomb is a small .pth whose member unpacks to more than the program may take.
var zipBomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	w, err := z.Create("archive/data.pkl")
	zeros := make([]byte, 1<<20)
	for range maxResident >> 10 * 5 / 4 {
		if err == nil {
			_, err = w.Write(zeros)
		}
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // writing to memory does not fail
	}
	return b.Bytes()
})

func aliasBomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		d := string(rune('0' + i))
		p := "*a" + string(rune('0'+i-1))
		text += "a" + d + ": &a" + d + " [" + strings.Repeat(p+", ", 9) + p + "]\n"
	}
	return text
}

func TestDamagedInput(t *testing.T) {
	dir := damaged(t)
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"cut picture", []string{"predict", "--ckpt_path", "good.ckpt", "cut.jpg"}, cli.BadData, []string{"cut.jpg"}},
		{"empty picture", []string{"predict", "--ckpt_path", "good.ckpt", "empty.jpg"}, cli.BadData, []string{"empty.jpg", "empty"}},
		{"folder as picture", []string{"predict", "--ckpt_path", "good.ckpt", "a.jpg"}, cli.BadData, []string{"a.jpg", "directory"}},
		{"huge header", []string{"predict", "--ckpt_path", "good.ckpt", "huge.png"}, cli.BadData, []string{"huge.png", "65535"}},
		{"missing picture", []string{"predict", "--ckpt_path", "good.ckpt", "none.jpg"}, cli.BadData, []string{"none.jpg", "no such file"}},
		{"zip bomb", []string{"validate", "--ckpt_path", "bomb.pth"}, cli.BadData, []string{"bomb.pth"}},
		{"cut checkpoint", []string{"validate", "--ckpt_path", "cut.ckpt"}, cli.BadData, []string{"cut.ckpt"}},
		{"picture as checkpoint", []string{"convert", "ok.jpg", "x.pth"}, cli.BadData, []string{"ok.jpg"}},
		{"unknown keys", []string{"train", "--config", "unknown.yaml"}, cli.Usage, []string{"unknown.yaml:2:", "lerning_rate", "unknown.yaml:3:", "batch_size"}},
		{"wrong types", []string{"train", "--config", "types.yaml"}, cli.Usage, []string{"types.yaml:1:", "many", "types.yaml:2:"}},
		{"alias bomb", []string{"train", "--config", "bomb.yaml"}, cli.Usage, []string{"bomb.yaml"}},
		{"bad file in training", []string{"train", "--data_dir", "set", "--opt", "momentum", "--batch_size", "2", "--image_resize", "32"},
			cli.BadData, []string{"cut.jpg", "--max_bad_files"}},
		{"bad file in validation", []string{"validate", "--ckpt_path", "good.ckpt", "--data_dir", "set"}, cli.BadData, []string{"cut.jpg", "--max_bad_files"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stderr, code := runDamaged(t, dir, c.args...)
			assert.Equal(t, c.code, code, stderr)
			for _, want := range c.want {
				assert.Contains(t, stderr, want)
			}
			assert.NotContains(t, stderr, "goroutine ", "a stack trace is no message")
		})
	}
}

// runDamaged runs the program in dir and returns what it said. Its memory must stay bounded.
func runDamaged(t *testing.T, dir string, args ...string) (stderr string, code int) {
	t.Helper()
	cmd := program(t, dir, args...)
	var text strings.Builder
	cmd.Stderr = &text
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	assert.Less(t, int64(usage.Maxrss), int64(maxResident), "resident memory")
	return text.String(), cmd.ProcessState.ExitCode()
}

func TestBadFilesAreSkippedWhenAllowed(t *testing.T) {
	dir := damaged(t)
	out, err := program(t, dir, "validate", "--ckpt_path", "good.ckpt", "--data_dir", "set", "--max_bad_files", "1", "--format", "json").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), `"images":2,`)
	assert.Contains(t, string(out), `"unreadable":1`)
}

// A run whose newest checkpoint was torn goes on from the one before it.
func TestANewestCheckpointThatIsDamagedIsPassedOver(t *testing.T) {
	whole, dir := t.TempDir(), t.TempDir()
	trainSmall(t, whole)
	want, _ := finalCheckpoint(t, whole)
	trainSmall(t, dir)
	last := filepath.Join(dir, "ckpt", "mobilenet_v2_035_224-4_5.ckpt")
	require.NoError(t, os.Truncate(last, 1000))
	out, err := program(t, dir, append(append([]string{}, smallRun...), "--ckpt_path", "ckpt")...).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "mobilenet_v2_035_224-4_5.ckpt")
	assert.Contains(t, string(out), "taking ckpt/mobilenet_v2_035_224-3_5.ckpt")
	got, _ := finalCheckpoint(t, dir)
	assert.True(t, want == got, "the weights differ")
}

func TestAFolderOfDamagedCheckpointsNamesThemAll(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.ckpt", "b.ckpt"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("no"), 0o666))
	}
	out, err := program(t, dir, "validate", "--ckpt_path", ".", "--dataset", "shapes").CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, cli.BadData, exit.ExitCode())
	assert.Contains(t, string(out), "a.ckpt")
	assert.Contains(t, string(out), "b.ckpt")
}
