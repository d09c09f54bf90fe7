//go:build cgo && linux

package ascend

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// A kernel that faults shows when the program waits: then the message says what was queued last. With Debug, which waits after each
// operator, it names the operation and the vendor's function. Either way the device is lost for good.
func TestFaultsOfKernelsAreAttributed(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		says    []string
	}{
		{"late", Options{}, []string{"after 3 queued operations, the last of which was Fill(", "507015"}},
		{"debug", Options{Debug: true}, []string{"Add(", "aclnnMuls", "507015"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			control := standIn(t, "Ascend910B1")
			b, err := Open(0, c.options)
			require.NoError(t, err)
			d := backend.Vec(backend.F32, 64)
			buf, err := b.Alloc(2*d.Bytes(), "numbers")
			require.NoError(t, err)
			x, y := backend.Tensor{Desc: d, Buf: buf}, backend.Tensor{Desc: d, Buf: buf, Off: d.Bytes()}
			fill, err := b.Compile(backend.Fill{Desc: d})
			require.NoError(t, err)
			add, err := b.Compile(backend.Add{Desc: d, A: 2})
			require.NoError(t, err)
			control.Set("FAULT", fmt.Sprintf("aclnnMuls:%d=507015", control.Count("aclnnMuls")+1))
			err = fill.Run(&backend.FillArgs{Y: x}, backend.Scratch{})
			require.NoError(t, err)
			if err = add.Run(&backend.AddArgs{X: x, Y: y}, backend.Scratch{}); err == nil {
				require.NoError(t, fill.Run(&backend.FillArgs{Y: y}, backend.Scratch{}))
				err = b.Sync()
			}
			control.Set("FAULT", "")
			require.ErrorIs(t, err, backend.ErrDeviceLost)
			for _, text := range c.says {
				assert.ErrorContains(t, err, text)
			}
			t.Log(err)
			assert.ErrorIs(t, b.Sync(), backend.ErrDeviceLost, "and stays lost")
			for _, closer := range []interface{ Close() error }{fill, add} {
				_ = closer.Close()
			}
			_ = buf.Free()
			_ = b.Close() // the vendor answers the fault's code to everything; nothing may be left all the same
		})
	}
}
