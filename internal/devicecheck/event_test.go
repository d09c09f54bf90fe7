package devicecheck

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEventsComeBack(t *testing.T) {
	for _, e := range []event{{Begin: &begin{"a case", 1.5}}, {End: &Outcome{Case: "c", State: Wrong, Text: "line\nline"}}, {More: true}, {Done: true, Error: "x"}} {
		var out bytes.Buffer
		require.NoError(t, e.write(&out))
		back, before, ok := parseEvent(append([]byte("noise "), bytes.TrimSuffix(out.Bytes(), []byte("\n"))...))
		require.True(t, ok)
		assert.Equal(t, "noise ", string(before))
		assert.Equal(t, e, back)
	}
}

// What a vendor's library prints is no event, whatever it is.
func FuzzParseEvent(f *testing.F) {
	for _, line := range []string{"", "hello", marker, marker + `{"done":true}`, "x" + marker + `{"begin":{"case":"c","limit":1e999}}`, marker + marker + "{}"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, before, ok := parseEvent(line)
		if !bytes.HasPrefix(line, before) {
			t.Errorf("%q is not the begin of %q", before, line)
		}
		if ok != (len(before) < len(line)) && len(line) > 0 {
			t.Errorf("ok is %t, but %d of %d bytes stand before the event", ok, len(before), len(line))
		}
	})
}
