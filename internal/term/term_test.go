package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fake is a terminal of 20 columns whose clock the test moves.
func fake() (*Screen, *bytes.Buffer, *time.Time) {
	var out bytes.Buffer
	clock := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	s := &Screen{w: &out, terminal: true, width: func() int { return 20 }, now: func() time.Time { return clock }}
	return s, &out, &clock
}

// shows returns what the terminal would show after the bytes were written.
func shows(out string) []string {
	rows := []string{""}
	column := 0
	for len(out) > 0 {
		switch {
		case strings.HasPrefix(out, "\x1b[K"):
			row := []rune(rows[len(rows)-1])
			rows[len(rows)-1] = string(row[:min(column, len(row))])
			out = out[3:]
		case out[0] == '\r':
			column, out = 0, out[1:]
		case out[0] == '\n':
			rows, column, out = append(rows, ""), 0, out[1:]
		default:
			r := []rune(out)[0]
			row := []rune(rows[len(rows)-1])
			if column == len(row) {
				row = append(row, ' ')
			}
			row[column] = r
			rows[len(rows)-1] = string(row)
			column, out = column+1, out[len(string(r)):]
		}
	}
	return rows
}

func TestProgressStaysBelowTheLog(t *testing.T) {
	s, out, clock := fake()
	require.NoError(t, s.Progress("step 1"))
	fmt.Fprintln(s, "first line")
	fmt.Fprint(s, "half a ")
	*clock = clock.Add(time.Second)
	require.NoError(t, s.Progress("step 2"))
	assert.Equal(t, []string{"first line", "half a "}, shows(out.String()), "not drawn behind half a line")
	fmt.Fprintln(s, "line")
	assert.Equal(t, []string{"first line", "half a line", "step 2"}, shows(out.String()))
	require.NoError(t, s.Clear())
	assert.Equal(t, []string{"first line", "half a line", ""}, shows(out.String()))
	fmt.Fprintln(s, "end")
	assert.Equal(t, []string{"first line", "half a line", "end", ""}, shows(out.String()))
}

func TestProgressIsDrawnTenTimesASecond(t *testing.T) {
	s, out, clock := fake()
	for i := range 1000 {
		require.NoError(t, s.Progress(fmt.Sprint(i)))
		*clock = clock.Add(time.Millisecond)
	}
	assert.Equal(t, 10, strings.Count(out.String(), "\r"))
	fmt.Fprintln(s, "log")
	assert.Equal(t, []string{"log", "999"}, shows(out.String()), "the newest is drawn with the next log line")
}

func TestProgressIsCutAndCleaned(t *testing.T) {
	s, out, _ := fake()
	require.NoError(t, s.Progress("a\nb\x1b[2J\rc ▁█"+strings.Repeat("x", 100)))
	assert.Equal(t, "\rab[2Jc ▁█xxxxxxxxxx\x1b[K", out.String())
	assert.Len(t, []rune(shows(out.String())[0]), 19)
	assert.Equal(t, 20, s.Width())
}

func TestPlainScreenShowsNoProgress(t *testing.T) {
	var out bytes.Buffer
	s := Plain(&out)
	require.NoError(t, s.Progress("step 1"))
	n, err := s.Write([]byte("line\n"))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
	_, err = s.Write(nil)
	require.NoError(t, err)
	require.NoError(t, s.Clear())
	assert.Equal(t, "line\n", out.String())
	assert.False(t, s.Terminal())
	assert.False(t, s.Color())
	assert.Equal(t, 80, s.Width())
}

func TestOpenOnAFileIsPlain(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer f.Close()
	s := Open(f, func(string) string { return "" })
	assert.False(t, s.Terminal())
	assert.False(t, s.Color())
	assert.Equal(t, 80, s.Width())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestScreenReportsWriteErrors(t *testing.T) {
	s, _, _ := fake()
	s.w = brokenWriter{}
	require.Error(t, s.Progress("x"))
	require.Error(t, s.Clear())
	_, err := s.Write([]byte("x\n"))
	require.Error(t, err)
}

func TestScreenIsSafeForGoroutines(t *testing.T) {
	s, out, _ := fake()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				_ = s.Progress(fmt.Sprint(i))
				fmt.Fprintln(s, "line")
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.Clear())
	rows := shows(out.String())
	assert.Len(t, rows, 201)
	assert.Equal(t, "line", rows[199])
}

func TestHandlerWritesMindCVsLines(t *testing.T) {
	var out bytes.Buffer
	h := NewHandler(&out, "mindcv.train", slog.LevelInfo)
	at := time.Date(2026, 1, 31, 9, 5, 7, 0, time.UTC)
	for _, c := range []struct {
		h     slog.Handler
		level slog.Level
		text  string
		attrs []slog.Attr
		want  string
	}{
		{h, slog.LevelInfo, "Start training", nil, "[2026-01-31 09:05:07] mindcv.train INFO - Start training\n"},
		{h, slog.LevelWarn, "odd", []slog.Attr{slog.Int("rank", 1), slog.String("file", "a b"), slog.String("e", "")},
			"[2026-01-31 09:05:07] mindcv.train WARNING - odd rank=1 file=\"a b\" e=\"\"\n"},
		{h.WithAttrs([]slog.Attr{slog.String(LoggerKey, "mindcv.utils.callbacks")}), slog.LevelError, "bad", nil,
			"[2026-01-31 09:05:07] mindcv.utils.callbacks ERROR - bad\n"},
		{h, slog.LevelDebug, "x", []slog.Attr{slog.String(LoggerKey, "y")}, "[2026-01-31 09:05:07] y DEBUG - x\n"},
		{h.WithGroup("g").WithAttrs([]slog.Attr{slog.Bool("b", true)}), slog.LevelInfo, "x", []slog.Attr{slog.Group("k", slog.Float64("v", 0.5)), slog.Group("", slog.Int("i", 2)), {}},
			"[2026-01-31 09:05:07] mindcv.train INFO - x g.b=true g.k.v=0.5 g.i=2\n"},
		{h.WithGroup(""), slog.LevelInfo, "several\nlines", nil, "[2026-01-31 09:05:07] mindcv.train INFO - several\nlines\n"},
	} {
		out.Reset()
		r := slog.NewRecord(at, c.level, c.text, 0)
		r.AddAttrs(c.attrs...)
		require.NoError(t, c.h.Handle(context.Background(), r))
		assert.Equal(t, c.want, out.String())
	}
	assert.False(t, h.Enabled(context.Background(), slog.LevelDebug))
	assert.True(t, h.Enabled(context.Background(), slog.LevelInfo))
}

// TestHandlerKeepsSlogsRules runs the standard library's suite over the lines, brought into the form it expects.
func TestHandlerKeepsSlogsRules(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return NewHandler(&out, "x", slog.LevelDebug)
	}, func(t *testing.T) map[string]any { return parseLine(t, out.String()) })
}

func parseLine(t *testing.T, line string) map[string]any {
	t.Helper()
	head, rest, found := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
	require.True(t, found, line)
	words := strings.Fields(head)
	m := map[string]any{slog.LevelKey: words[len(words)-1]}
	if strings.HasPrefix(head, "[") {
		m[slog.TimeKey] = words[0]
	}
	for i, word := range strings.Fields(rest) {
		key, value, isAttr := strings.Cut(word, "=")
		if !isAttr || i == 0 {
			m[slog.MessageKey] = word
			continue
		}
		at := m
		parts := strings.Split(key, ".")
		for _, p := range parts[:len(parts)-1] {
			if at[p] == nil {
				at[p] = map[string]any{}
			}
			at = at[p].(map[string]any)
		}
		at[parts[len(parts)-1]] = value
	}
	return m
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "?", 0: "0.0s", 400 * time.Millisecond: "0.4s", 9940 * time.Millisecond: "9.9s", 9960 * time.Millisecond: "10s",
		59400 * time.Millisecond: "59s", 59600 * time.Millisecond: "1m00s", 185 * time.Second: "3m05s", 3720 * time.Second: "1h02m", 51 * time.Hour: "2d03h",
	} {
		assert.Equal(t, want, Duration(d))
	}
}

func TestRemaining(t *testing.T) {
	assert.Equal(t, 30*time.Second, Remaining(1, 4, 10*time.Second))
	assert.Equal(t, time.Duration(0), Remaining(4, 4, time.Second))
	assert.Equal(t, time.Duration(0), Remaining(5, 4, time.Second))
	assert.Negative(t, Remaining(0, 4, time.Second))
	assert.Equal(t, time.Duration(math.MaxInt64), Remaining(1, math.MaxInt64, time.Hour))
}

func TestRate(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5123: "0.512", 87.24: "87.2", 1234.4: "1234", 13133.26: "13.1k", -1: "?", math.Inf(1): "?"} {
		assert.Equal(t, want, Rate(v))
	}
}

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 5, ""}, {[]float64{1}, 0, ""}, {[]float64{1}, 5, "▄"}, {[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "▁▂▃▄▅▆▇█"},
		{[]float64{3, 3, 3}, 8, "▄▄▄"}, {[]float64{0, math.NaN(), 1, math.Inf(1)}, 8, "▁×█×"}, {[]float64{0, 0, 1, 1}, 2, "▁█"},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 2, "▁█"}, {[]float64{math.NaN()}, 2, "×"},
	} {
		assert.Equal(t, c.want, Sparkline(c.values, c.width))
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "    ", 1: "████", 0.5: "██  ", 2: "████", -1: "    ", 0.28125: "█▏  "} {
		assert.Equal(t, want, Bar(share, 4))
	}
	assert.Equal(t, "    ", Bar(math.NaN(), 4))
	assert.Empty(t, Bar(0.5, 0))
}
