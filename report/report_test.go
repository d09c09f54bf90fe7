package report

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sampleRun writes the folder of a short run with three classes.
func sampleRun(t *testing.T, dir string) {
	t.Helper()
	run := Run{Name: "<run>", Model: "mobilenet_v2_100", Classes: []string{"ant", "<bee>", "cat"}, Epochs: 2,
		Options: []Option{{Name: "lr", Value: "0.1", Changed: true}}, Samples: []Picture{{JPEG: Thumbnail(make([]byte, 12), 2, 3), Text: "ant"}}}
	require.NoError(t, run.Save(dir))
	w, err := OpenHistory(dir, 0)
	require.NoError(t, err)
	for i := 1; i <= 4; i++ {
		require.NoError(t, w.Step(Step{Epoch: (i + 1) / 2, Step: (i-1)%2 + 1, GlobalStep: i, Loss: 1 / float64(i), LR: 0.1, ImagesPerSec: 100}))
		if i%2 == 0 {
			require.NoError(t, w.Epoch(Epoch{Epoch: i / 2, GlobalStep: i, Validated: true, Top1: 40 + float64(i), ValLoss: 1, TrainSeconds: 3}))
		}
	}
	require.NoError(t, w.Close())
	c := NewCollector(3, 2, 3, func(i int) string { return "picture" })
	c.Reset(2)
	c.Add(0, make([]byte, 12), 0, []float32{3, 1, 0})
	c.Add(1, make([]byte, 12), 0, []float32{0, 2, 0})
	c.Add(2, make([]byte, 12), 1, []float32{0, 2, 1.9})
	c.Add(3, make([]byte, 12), 9, []float32{0, 2, 1.9}) // a label the network does not have
	require.NoError(t, c.Findings().Save(dir))
}

func TestPageShowsTheRun(t *testing.T) {
	dir := t.TempDir()
	sampleRun(t, dir)
	path, err := Page(dir)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	page := string(text)
	contains := func(part string) bool { return strings.Contains(page, part) } // assert.Contains would print the whole page
	for _, want := range []string{"&lt;run&gt;", "44.00 %", "2 of 2", "&lt;bee&gt;", "Wrong with the most confidence", "data:image/jpeg;base64,", "6s"} {
		assert.True(t, contains(want), want)
	}
	assert.False(t, contains("<bee>"), "names are escaped")
	assert.False(t, contains("ZgotmplZ"), "the template trusts every value that it shows")
	for _, outside := range []string{`src="http`, `href=`, "@import", "url("} {
		assert.False(t, contains(outside), "the page needs nothing else: %s", outside)
	}
	f, err := os.Open(filepath.Join(dir, "curves.png"))
	require.NoError(t, err)
	defer f.Close()
	_, err = png.Decode(f)
	assert.NoError(t, err)
}

func TestCompareShowsWhatDiffers(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run")
	for _, dir := range []string{a, b} {
		require.NoError(t, os.Mkdir(dir, 0o777))
		sampleRun(t, dir)
	}
	run, err := ReadRun(b)
	require.NoError(t, err)
	run.Options[0].Value = "0.7"
	require.NoError(t, run.Save(b))
	path := filepath.Join(t.TempDir(), "out.html")
	require.NoError(t, Compare(path, []string{a, b}))
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Contains(page, []byte("<td>0.7</td>")))
	assert.ErrorIs(t, Compare(path, []string{a, t.TempDir()}), fs.ErrNotExist)
}

func TestFindings(t *testing.T) {
	dir := t.TempDir()
	sampleRun(t, dir)
	f, err := read(dir)
	require.NoError(t, err)
	assert.Equal(t, 3, f.Findings.Images)
	assert.Equal(t, []Cell{{0, 0, 1}, {0, 1, 1}, {1, 1, 1}}, f.Findings.Confusion)
	require.Len(t, f.Findings.Worst, 1)
	worst := f.Findings.Worst[0]
	assert.Equal(t, []int{0, 1, 0}, []int{worst.Label, worst.First, worst.Second})
	e2 := math.Exp(2)
	assert.InDelta(t, e2/(e2+2), worst.Prob, 1e-12)
	assert.InDelta(t, 1/(e2+2), worst.OfTrue, 1e-12)
	assert.Equal(t, 1, f.Findings.Doubtful[0].Label, "the closest two choices come first")
	assert.Equal(t, []pair{{"ant", "<bee>", 1, 0.5}}, f.confused())
	assert.Equal(t, []classScore{{"ant", 1, 2, 0.5}, {"<bee>", 1, 1, 1}}, f.classes())
}

func TestShortlistKeepsTheHeaviest(t *testing.T) {
	var s shortlist
	for i := range 100 {
		weight := float64(i * 37 % 100)
		s.offer(weight, Finding{Label: int(weight)}, func() []byte { return nil }, func() string { return "" })
	}
	s.offer(math.NaN(), Finding{}, nil, nil)
	require.Len(t, s.list, picturesKept)
	for i, f := range s.list {
		assert.Equal(t, 99-i, f.Label)
	}
}

func TestHistoryGoesOn(t *testing.T) {
	dir := t.TempDir()
	sampleRun(t, dir)
	torn, err := os.OpenFile(filepath.Join(dir, metricsName), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString(`{"step":{"epo`)
	require.NoError(t, err)
	require.NoError(t, torn.Close())
	w, err := OpenHistory(dir, 3)
	require.NoError(t, err)
	require.NoError(t, w.Step(Step{GlobalStep: 4, Loss: 9}))
	require.NoError(t, w.Close())
	h, err := ReadHistory(dir)
	require.NoError(t, err)
	require.Len(t, h.Steps, 4)
	assert.Equal(t, 9.0, h.Steps[3].Loss)
	require.Len(t, h.Epochs, 1)
	text, err := os.ReadFile(filepath.Join(dir, metricsName))
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	assert.Contains(t, lines[2], `"epoch":{`, "an epoch stands behind its last step")
}

func TestDifferences(t *testing.T) {
	before := Run{Version: "1", Fingerprint: "a", Options: []Option{{Name: "lr", Value: "1"}, {Name: "threads", Value: "2"}, {Name: "gone", Value: "0"}}}
	now := Run{Version: "1", Fingerprint: "b", Options: []Option{{Name: "lr", Value: "2"}, {Name: "threads", Value: "4"}, {Name: "new", Value: "0"}}}
	assert.Equal(t, []Difference{{"lr", "1", "2"}, {"the data", "a", "b"}}, now.DifferencesFrom(before, "threads"))
	assert.Equal(t, "lr was 1, now 2", Difference{"lr", "1", "2"}.String())
}

func TestAxes(t *testing.T) {
	assert.InDeltaSlice(t, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}, newAxis([]float64{0.03, 0.98}, 5, false, true).ticks, 1e-12)
	assert.Equal(t, []float64{1, 2, 5, 10}, newAxis([]float64{1, 10}, 4, true, true).ticks)
	assert.NotEmpty(t, newAxis([]float64{3, 3}, 4, false, true).ticks, "a constant has an axis")
	assert.NotEmpty(t, newAxis(nil, 4, false, true).ticks)
	for v, want := range map[float64]string{0: "0", math.Copysign(0, -1): "0", 0.04: "0.04", 1e-5: "1e-05", 1234.5678: "1234.5678", 2e6: "2e+06"} {
		assert.Equal(t, want, number(v))
	}
}

func TestCurvesAreThinnedAndFinite(t *testing.T) {
	c := Curve{X: []float64{1, 2, 3}, Y: []float64{1, math.NaN(), math.Inf(1)}}.thinned()
	assert.Equal(t, []float64{1}, c.Y)
	long := Curve{}
	for i := range 10000 {
		long.X, long.Y = append(long.X, float64(i)), append(long.Y, 7)
	}
	assert.Len(t, long.thinned().X, mostPoints)
	assert.InDeltaSlice(t, []float64{4, 4, 4}, smoothed([]float64{4, 4, 4}, 0.9), 1e-12)
}

func TestThumbnail(t *testing.T) {
	grey := bytes.Repeat([]byte{200}, 300*300)
	img, err := jpeg.Decode(bytes.NewReader(Thumbnail(grey, 300, 1)))
	require.NoError(t, err)
	assert.Equal(t, thumbnailSize, img.Bounds().Dx())
	r, _, _, _ := img.At(50, 50).RGBA()
	assert.InDelta(t, 200, float64(r>>8), 3)
}

func FuzzReadFolder(f *testing.F) {
	line, err := json.Marshal(entry{Epoch: &Epoch{Epoch: 1, Validated: true}})
	require.NoError(f, err)
	f.Add([]byte(`{"name":"a","classes":["x"]}`), append(line, '\n'), []byte(`{"classes":2,"confusion":[{"label":5,"taken":-1,"count":3}],"worst":[{"first":9}]}`))
	f.Fuzz(func(t *testing.T, run, metrics, findings []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{runName: run, metricsName: metrics, findingsName: findings} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
		}
		if folder, err := read(dir); err == nil {
			require.NoError(t, pages.Execute(io.Discard, folder.page(folder.History.figures())))
		}
	})
}
