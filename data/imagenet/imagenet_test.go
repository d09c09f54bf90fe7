package imagenet

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

func TestTables(t *testing.T) {
	names, wnids := Labels(), WNIDs()
	require.Len(t, names, 1000)
	require.Len(t, wnids, 1000)
	require.True(t, slices.IsSorted(wnids), "class order is the order of the identifiers")
	for i, wnid := range wnids {
		require.Regexp(t, `^n\d{8}$`, wnid)
		require.NotEmpty(t, names[i])
		require.Equal(t, strings.TrimSpace(names[i]), names[i])
	}
	require.Equal(t, "tench", names[0])
	require.Equal(t, "golden retriever", names[207])
	require.Equal(t, "n02099601", wnids[207])
	require.Equal(t, "toilet tissue", names[999])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), 998, "crane and maillot stand for two classes each")
}

func TestCallersMayChangeTheSlices(t *testing.T) {
	Labels()[0], WNIDs()[0] = "", ""
	require.Equal(t, "tench", Labels()[0])
	require.Equal(t, "n01440764", WNIDs()[0])
}

func TestLabelsAgreeWithKeras(t *testing.T) {
	raw, err := os.ReadFile(shareddata.Path(t, "imagenet-sample/imagenet_class_index.json"))
	require.NoError(t, err)
	var index map[string][2]string
	require.NoError(t, json.Unmarshal(raw, &index))
	for i, name := range Labels() {
		entry := index[strconv.Itoa(i)]
		require.Equal(t, entry[0], WNIDs()[i])
		require.Equal(t, strings.ReplaceAll(entry[1], "_", " "), name)
	}
}
