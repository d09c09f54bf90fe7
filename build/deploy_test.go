// Package build holds the recipes for containers and clusters; this test holds them to the program.
package build

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"mnv2/internal/devices"
	"mnv2/internal/options"
)

// job is the part of a Kubernetes job that is looked at.
type job struct {
	Kind string
	Spec struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Image     string
					Args      []string
					Resources struct{ Requests, Limits map[string]string }
				}
			}
		}
	}
}

// resources are what the devices' plugins offer; a device that is asked for must be limited to as much.
var resources = map[string]string{"cpu": "", "cuda": "nvidia.com/gpu", "ascend": "huawei.com/Ascend910"}

func TestManifests(t *testing.T) {
	for device, resource := range resources {
		t.Run(device, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("kubernetes", device+".yaml"))
			require.NoError(t, err)
			var j job
			require.NoError(t, yaml.Unmarshal(text, &j))
			assert.Equal(t, "Job", j.Kind)
			require.Len(t, j.Spec.Template.Spec.Containers, 1)
			c := j.Spec.Template.Spec.Containers[0]
			assert.Equal(t, "mnv2:"+device, c.Image)
			assert.FileExists(t, filepath.Join("containers", device+".Dockerfile"))
			if resource != "" {
				assert.NotEmpty(t, c.Resources.Limits[resource])
				assert.Equal(t, c.Resources.Limits[resource], c.Resources.Requests[resource])
			}
			checkArgs(t, c.Args, device)
		})
	}
}

// checkArgs wants a training run with options that there are, on the device.
func checkArgs(t *testing.T, args []string, device string) {
	t.Helper()
	require.NotEmpty(t, args)
	assert.Equal(t, "train", args[0])
	for i := 1; i+1 < len(args); i += 2 {
		o, ok := options.Lookup(strings.TrimPrefix(args[i], "--"))
		require.True(t, ok, args[i])
		if o.Name == "device" {
			assert.Equal(t, device, args[i+1])
			assert.NoError(t, devices.Check(args[i+1]))
		}
	}
}

// Every container file builds with a target that there is, takes both images as arguments, and names no registry.
func TestContainerFiles(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	for device := range resources {
		text, err := os.ReadFile(filepath.Join("containers", device+".Dockerfile"))
		require.NoError(t, err)
		target := regexp.MustCompile(`RUN make (\w+) VERSION`).FindStringSubmatch(string(text))
		require.NotNil(t, target, device)
		assert.Regexp(t, `(?m)^`+target[1]+`:`, string(makefile))
		for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(text), -1) {
			assert.Contains(t, []string{"${GO}", "${BASE}", "scratch"}, m[1])
		}
		for _, m := range regexp.MustCompile(`(?m)^ARG (?:GO|BASE)=([^/:\s]+)[/:]`).FindAllStringSubmatch(string(text), -1) {
			assert.NotContains(t, m[1], ".", "%s: an image of a named registry", device)
		}
		goVersion := regexp.MustCompile(`golang:(\d+\.\d+)`).FindStringSubmatch(string(text))
		require.NotNil(t, goVersion)
		module, err := os.ReadFile("../go.mod")
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^go `+regexp.QuoteMeta(goVersion[1]), string(module), "the image must have the Go of the module")
	}
}
