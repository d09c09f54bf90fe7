//go:build unix

package main

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// asProgram in the environment makes the test binary behave as the program itself.
const asProgram = "MNV2_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program returns the command that runs mnv2 with args in dir.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	if emulator := os.Getenv("MNV2_EXEC"); emulator != "" { // tests of another architecture
		self, args = emulator, append([]string{self}, args...)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// smallRun is a run of 4 epochs of 5 steps, a checkpoint after each, that takes about a second.
var smallRun = []string{"train", "--dataset", "shapes", "--image_resize", "32", "--num_samples", "40", "--batch_size", "8",
	"--epoch_size", "4", "--val_while_train", "False", "--log_interval", "1", "--keep_checkpoint_max", "0", "--color_jitter", "0.4"}

func trainSmall(t *testing.T, dir string, more ...string) {
	t.Helper()
	out, err := program(t, dir, append(append([]string{}, smallRun...), more...)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// finalCheckpoint returns the bytes of the last checkpoint and the metadata beside it.
func finalCheckpoint(t *testing.T, dir string) (weights, meta string) {
	t.Helper()
	path := filepath.Join(dir, "ckpt", "mobilenet_v2_035_224-4_5.ckpt")
	w, err := os.ReadFile(path)
	require.NoError(t, err)
	m, err := os.ReadFile(path + ".meta.json")
	require.NoError(t, err)
	return string(w), string(m)
}

func TestSameSeedSameBits(t *testing.T) {
	dirs := map[string][]string{t.TempDir(): {"--threads", "1"}, t.TempDir(): {"--threads", "2"},
		t.TempDir(): {"--threads", "2", "--num_parallel_workers", "1"}}
	var want string
	for dir, args := range dirs {
		trainSmall(t, dir, args...)
		got, _ := finalCheckpoint(t, dir)
		if want == "" {
			want = got
		}
		assert.True(t, want == got, "%v gives other weights", args)
	}
	other := t.TempDir()
	trainSmall(t, other, "--seed", "43")
	got, _ := finalCheckpoint(t, other)
	assert.False(t, want == got, "another seed gives the same weights")
}

// everyFeature is what a run keeps besides weights and velocity: averages, gradients that wait for their update (an update's three batches may be of two
// epochs), a loss scale that is found on the way and skips the first steps, mixed pictures.
var everyFeature = []string{"--ema", "--ema_decay", "0.9", "--mixup", "0.2", "--cutmix", "1.0", "--gradient_accumulation_steps", "3",
	"--loss_scale_type", "dynamic", "--loss_scale", "1e18", "--clip_grad", "--clip_value", "2", "--opt", "adamw", "--drop_path_rate", "0.3"}

// A run that is killed at any moment and resumed ends with the same bits as one that was left alone. MNV2_REQUIRE=slow kills fifty
// times.
func TestKilledAndResumedEndsWithTheSameBits(t *testing.T) {
	runs, kills := 3, 2
	if shareddata.Required("slow") {
		runs, kills = 10, 5
	}
	whole := t.TempDir()
	trainSmall(t, whole, everyFeature...)
	wantWeights, wantMeta := finalCheckpoint(t, whole)
	skipped := regexp.MustCompile(`\\"skipped\\":(\d+),`).FindStringSubmatch(wantMeta)
	require.NotNil(t, skipped, "the first steps overflow")
	count, err := strconv.Atoi(skipped[1])
	require.NoError(t, err)
	require.Less(t, count, 12, "the others of the 20 steps count")
	rng := rand.New(rand.NewPCG(1, 2))
	for run := range runs {
		dir := t.TempDir()
		inside := append([]string{"--ckpt_save_steps", strconv.Itoa(run % 3)}, everyFeature...) // 0: only at the end of epochs
		for range kills {
			killAfter(t, dir, 1+rng.IntN(12), inside...)
		}
		trainSmall(t, dir, append(inside, resumeArgs(t, dir)...)...)
		weights, meta := finalCheckpoint(t, dir)
		assert.True(t, wantWeights == weights, "the weights differ")
		assert.Equal(t, wantMeta, meta)
	}
}

// killAfter starts or resumes the run in dir and kills it, without warning, once it has logged some steps.
func killAfter(t *testing.T, dir string, steps int, more ...string) {
	t.Helper()
	cmd := program(t, dir, slices.Concat(smallRun, more, resumeArgs(t, dir))...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	for seen := 0; seen < steps && lines.Scan(); {
		if strings.Contains(lines.Text(), "batch: [") {
			seen++
		}
	}
	require.NoError(t, cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, stdout)
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil {
		require.True(t, errors.As(err, &exit), "%v", err)
	}
}

// resumeArgs asks to go on from the newest checkpoint, if the run got as far as writing one.
func resumeArgs(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "ckpt", "mobilenet*.ckpt"))
	require.NoError(t, err)
	if len(files) == 0 {
		return nil
	}
	return []string{"--ckpt_path", "ckpt"}
}

func TestInterruptSavesAndTellsHowToGoOn(t *testing.T) {
	whole, dir := t.TempDir(), t.TempDir()
	trainSmall(t, whole)
	want, _ := finalCheckpoint(t, whole)

	cmd := program(t, dir, smallRun...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Epoch: [2/4], batch: [2/5]") {
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_, _ = io.Copy(io.Discard, stdout)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 130, exit.ExitCode())
	_, line, found := strings.Cut(stderr.String(), "go on with: mnv2 ")
	require.True(t, found, stderr.String())

	out, err := program(t, dir, strings.Fields(line)...).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "Resume training from")
	got, _ := finalCheckpoint(t, dir)
	assert.True(t, want == got, "the weights differ")
}
