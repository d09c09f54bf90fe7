// Package imagenet names the 1000 classes of ILSVRC2012 in the order that trained networks use.
//
// Class i is the i-th WordNet identifier in byte-wise order, which is also the order of the class folders. The names are
// those of Keras' imagenet_class_index.json with spaces for underscores. Two pairs of classes share a name: "crane" is both
// 134 (the bird) and 517 (the machine), "maillot" both 638 and 639; the identifiers tell them apart.
package imagenet

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// labelLines holds one "WNID name" line per class, in class order.
//
//go:embed labels.txt
var labelLines string

type tables struct{ wnids, names []string }

var parsed = sync.OnceValue(func() tables {
	var t tables
	for line := range strings.Lines(labelLines) {
		wnid, name, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		t.wnids = append(t.wnids, wnid)
		t.names = append(t.names, name)
	}
	return t
})

// Labels returns the readable names of the 1000 classes in class order, for example "golden retriever" at 207.
// The slice is the caller's.
func Labels() []string { return slices.Clone(parsed().names) }

// WNIDs returns the WordNet identifiers of the 1000 classes in class order, for example "n02099601" at 207.
// The slice is the caller's.
func WNIDs() []string { return slices.Clone(parsed().wnids) }
