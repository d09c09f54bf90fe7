package train

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mnv2/internal/atomicfile"
)

// resultColumns are those of MindCV's result.log, each padded to 20 characters.
var resultColumns = []string{"Epoch", "TrainLoss", "Top_1_Accuracy", "Top_5_Accuracy", "TrainTime", "EvalTime", "TotalTime"}

// resultLog is the table of epochs in a run's folder.
type resultLog struct {
	path  string
	lines []string
}

// openResultLog keeps the lines of epochs before first that an earlier part of the run wrote, and drops later ones.
func openResultLog(dir string, first int) (*resultLog, error) {
	l := &resultLog{path: filepath.Join(dir, "result.log"), lines: []string{resultLine(resultColumns)}}
	old, err := os.ReadFile(l.path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, line := range strings.Split(string(old), "\n") {
		fields := strings.Fields(line)
		if len(fields) != len(resultColumns) {
			continue
		}
		if epoch, err := strconv.Atoi(fields[0]); err == nil && epoch < first {
			l.lines = append(l.lines, line)
		}
	}
	return l, nil
}

// top1 are the accuracies of the epochs that the table has, in percent.
func (l *resultLog) top1() map[int]float64 {
	found := map[int]float64{}
	for _, line := range l.lines[1:] {
		fields := strings.Fields(line)
		epoch, err1 := strconv.Atoi(fields[0])
		top1, err2 := strconv.ParseFloat(strings.TrimSuffix(fields[2], "%"), 64)
		if err1 == nil && err2 == nil {
			found[epoch] = top1
		}
	}
	return found
}

// add writes the table with one more line.
func (l *resultLog) add(e EpochEnded) error {
	l.lines = append(l.lines, resultLine([]string{
		strconv.Itoa(e.Epoch), fmt.Sprintf("%.6f", e.Loss), fmt.Sprintf("%.4f%%", e.Top1), fmt.Sprintf("%.4f%%", e.Top5),
		fmt.Sprintf("%.2f", e.Train.Seconds()), fmt.Sprintf("%.2f", e.Eval.Seconds()), fmt.Sprintf("%.2f", e.Total.Seconds())}))
	return atomicfile.Write(l.path, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewBufferString(strings.Join(l.lines, "\n")+"\n"))
		return err
	})
}

func resultLine(fields []string) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%-20s", f)
	}
	return strings.TrimRight(b.String(), " ")
}
