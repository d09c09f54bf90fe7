package term

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Duration spells d for people, with two units at most: "0.4s", "12s", "3m05s", "1h02m", "2d03h". Negative and
// unknown durations are "?".
func Duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < 0:
		return "?"
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s%86400/3600)
}

// Remaining is the time that the rest takes if it goes on as so far; negative if nothing is done yet.
func Remaining(done, total int64, elapsed time.Duration) time.Duration {
	if done <= 0 || elapsed < 0 {
		return -1
	}
	if done >= total {
		return 0
	}
	rest := elapsed.Seconds() / float64(done) * float64(total-done)
	if rest > math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(rest * float64(time.Second))
}

// Rate spells a number per second with three significant digits: "0.512", "87.2", "1234", "13.1k".
func Rate(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0) || v < 0:
		return "?"
	case v >= 10000:
		return fmt.Sprintf("%.1fk", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws values as a row of at most width block characters, lowest to highest; neighbours are averaged if
// there are more values than columns. A value that is not finite is drawn as "×". Equal values are drawn at mid height.
func Sparkline(values []float64, width int) string {
	if width <= 0 || len(values) == 0 {
		return ""
	}
	columns := squeeze(values, width)
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range columns {
		if isFinite(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	var b strings.Builder
	for _, v := range columns {
		b.WriteRune(block(v, low, high))
	}
	return b.String()
}

func block(v, low, high float64) rune {
	switch {
	case !isFinite(v):
		return '×'
	case low == high:
		return blocks[len(blocks)/2-1]
	}
	share := (v/2 - low/2) / (high/2 - low/2) // halves, so that the span of huge values stays finite
	return blocks[min(len(blocks)-1, int(share*float64(len(blocks))))]
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// squeeze averages values into at most width columns.
func squeeze(values []float64, width int) []float64 {
	if len(values) <= width {
		return values
	}
	columns := make([]float64, width)
	for i := range columns {
		from, to := i*len(values)/width, (i+1)*len(values)/width
		for _, v := range values[from:to] {
			columns[i] += v / float64(to-from)
		}
	}
	return columns
}

var eighths = []rune(" ▏▎▍▌▋▊▉█")

// Bar draws a share between 0 and 1 as a bar of width columns, in eighths of a column.
func Bar(share float64, width int) string {
	if !(share > 0) {
		share = 0
	}
	n := int(math.Min(share, 1)*float64(8*width) + 0.5)
	var b strings.Builder
	for i := range width {
		b.WriteRune(eighths[max(0, min(8, n-8*i))])
	}
	return b.String()
}
