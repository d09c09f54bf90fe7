package train

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResultLogIsMindCVs(t *testing.T) {
	dir := t.TempDir()
	l, err := openResultLog(dir, 1)
	require.NoError(t, err)
	line := EpochEnded{Epoch: 1, Loss: 1.25, Top1: 12.34, Top5: 45.67, Train: 90 * time.Second, Eval: 1500 * time.Millisecond, Total: 92 * time.Second}
	require.NoError(t, l.add(line))
	line.Epoch = 2
	require.NoError(t, l.add(line))
	want := "Epoch               TrainLoss           Top_1_Accuracy      Top_5_Accuracy      TrainTime           EvalTime            TotalTime\n" +
		"1                   1.250000            12.3400%            45.6700%            90.00               1.50                92.00\n" +
		"2                   1.250000            12.3400%            45.6700%            90.00               1.50                92.00\n"
	got, err := os.ReadFile(filepath.Join(dir, "result.log"))
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
}

func TestResultLogGoesOn(t *testing.T) {
	dir := t.TempDir()
	l, err := openResultLog(dir, 1)
	require.NoError(t, err)
	for epoch := 1; epoch <= 3; epoch++ {
		require.NoError(t, l.add(EpochEnded{Epoch: epoch, Loss: float64(epoch)}))
	}
	again, err := openResultLog(dir, 3) // resumed from the end of epoch 2: epoch 3 is run again
	require.NoError(t, err)
	require.NoError(t, again.add(EpochEnded{Epoch: 3, Loss: 33}))
	require.Len(t, again.lines, 4)
	assert.Contains(t, again.lines[2], "2.000000")
	assert.Contains(t, again.lines[3], "33.000000")
}
