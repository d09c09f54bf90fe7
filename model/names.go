package model

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Scheme is a way of naming the parameters.
type Scheme string

// The schemes. Tensors of one name have the same shape and order of elements in all three.
const (
	MindCV      Scheme = "mindcv"      // features.4.layers.0.weight, features.4.layers.1.gamma
	Torchvision Scheme = "torchvision" // features.2.conv.0.0.weight, features.2.conv.0.1.weight
	Timm        Scheme = "timm"        // blocks.1.0.conv_pw.weight, blocks.1.0.bn1.weight
)

// Schemes lists the schemes.
func Schemes() []Scheme { return []Scheme{MindCV, Torchvision, Timm} }

// ParseScheme returns the scheme called name.
func ParseScheme(name string) (Scheme, error) {
	if s := Scheme(strings.ToLower(name)); slices.Contains(Schemes(), s) {
		return s, nil
	}
	return "", fmt.Errorf("naming %q: want one of %v", name, Schemes())
}

// Rename returns what the parameter called name in scheme from is called in scheme to, and whether there is such a one.
func Rename(name string, from, to Scheme) (string, bool) {
	t := nameTables()
	mindcv, ok := t.toMindCV[from][name]
	if !ok {
		return "", false
	}
	return t.fromMindCV[to][mindcv], true
}

// BatchCounters lists the num_batches_tracked entries that PyTorch keeps beside each batch norm in scheme s. They have no
// counterpart here: they are written as int64 zero and ignored on reading.
func BatchCounters(s Scheme) []string {
	var list []string
	if s == MindCV {
		return nil
	}
	for _, mindcv := range nameTables().order {
		if strings.HasSuffix(mindcv, ".moving_variance") {
			name, _ := Rename(mindcv, MindCV, s)
			list = append(list, strings.TrimSuffix(name, "running_var")+"num_batches_tracked")
		}
	}
	return list
}

// DetectScheme returns the scheme in which most of names are parameter names, and how many are.
func DetectScheme(names []string) (Scheme, int) {
	best, count := MindCV, 0
	for _, s := range Schemes() {
		n := 0
		for _, name := range names {
			if _, ok := Rename(name, s, MindCV); ok {
				n++
			}
		}
		if n > count {
			best, count = s, n
		}
	}
	return best, count
}

type tables struct {
	order      []string // MindCV names in network order
	fromMindCV map[Scheme]map[string]string
	toMindCV   map[Scheme]map[string]string
}

// nameTables is made once: the names are the same for every width.
var nameTables = sync.OnceValue(func() tables {
	arch, err := New(Config{Width: 1, Classes: 1, InChannels: 3})
	if err != nil {
		panic(err) // the config is a constant
	}
	t := tables{fromMindCV: map[Scheme]map[string]string{}, toMindCV: map[Scheme]map[string]string{}}
	for _, s := range Schemes() {
		t.fromMindCV[s], t.toMindCV[s] = map[string]string{}, map[string]string{}
	}
	for _, p := range arch.params {
		t.order = append(t.order, p.Name)
		for s, name := range map[Scheme]string{MindCV: p.Name, Torchvision: torchvisionName(p.Name), Timm: timmName(p.Name)} {
			t.fromMindCV[s][p.Name] = name
			t.toMindCV[s][name] = p.Name
		}
	}
	return t
})

// leaves translates the last part of a batch norm's names to PyTorch's.
var leaves = map[string]string{"gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
	"moving_variance": "running_var", "weight": "weight", "bias": "bias"}

// location is a MindCV name taken apart: features.FEATURE.layers.LAYER.leaf; LAYER is -1 outside blocks.
type location struct {
	feature, layer int
	leaf           string
}

func locate(mindcv string) location {
	l := location{layer: -1, leaf: leaves[mindcv[strings.LastIndexByte(mindcv, '.')+1:]]}
	if _, err := fmt.Sscanf(mindcv, "features.%d.layers.%d.", &l.feature, &l.layer); err != nil {
		l.layer = -1
		if _, err := fmt.Sscanf(mindcv, "features.%d.", &l.feature); err != nil {
			l.feature = -1
		}
	}
	return l
}

func torchvisionName(mindcv string) string {
	l := locate(mindcv)
	switch {
	case l.feature < 0:
		return mindcv
	case l.feature < 2:
		return fmt.Sprintf("features.0.%d.%s", l.feature, l.leaf)
	case l.layer < 0:
		return fmt.Sprintf("features.18.%d.%s", l.feature-20, l.leaf)
	}
	// The last convolution of a block and its norm stand alone; those before are pairs.
	pairs := 2
	if l.feature == 3 {
		pairs = 1
	}
	if i := l.layer / 3; i < pairs {
		return fmt.Sprintf("features.%d.conv.%d.%d.%s", l.feature-2, i, l.layer%3, l.leaf)
	}
	return fmt.Sprintf("features.%d.conv.%d.%s", l.feature-2, pairs+l.layer%3, l.leaf)
}

func timmName(mindcv string) string {
	l := locate(mindcv)
	switch {
	case l.feature < 0:
		return "classifier." + l.leaf
	case l.feature < 2:
		return [...]string{"conv_stem.", "bn1."}[l.feature] + l.leaf
	case l.layer < 0:
		return [...]string{"conv_head.", "bn2."}[l.feature-20] + l.leaf
	}
	stage, index := 0, l.feature-3
	for index >= stages[stage].blocks {
		index -= stages[stage].blocks
		stage++
	}
	convs := []string{"conv_pw", "conv_dw", "conv_pwl"}
	if l.feature == 3 {
		convs = []string{"conv_dw", "conv_pw"}
	}
	layer := convs[l.layer/3]
	if l.layer%3 == 1 {
		layer = fmt.Sprintf("bn%d", l.layer/3+1)
	}
	return fmt.Sprintf("blocks.%d.%d.%s.%s", stage, index, layer, l.leaf)
}
