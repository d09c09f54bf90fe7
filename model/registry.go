package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// registered maps MindCV's width labels to the multiplier and the resolutions that exist as names of their own.
var registered = []struct {
	label    string
	width    float64
	suffixes []string
}{
	{"140", 1.4, []string{""}},
	{"130", 1.3, []string{"_224"}},
	{"100", 1.0, []string{"", "_192", "_160", "_128", "_96"}},
	{"075", 0.75, []string{"", "_192", "_160", "_128", "_96"}},
	{"050", 0.5, []string{"_224", "_192", "_160", "_128", "_96"}},
	{"035", 0.35, []string{"_224", "_192", "_160", "_128", "_96"}},
}

// oldNames are those of MindCV 0.1 and 0.2.
var oldNames = map[string]string{
	"mobilenet_v2_140_224": "mobilenet_v2_140",
	"mobilenet_v2_100_224": "mobilenet_v2_100",
	"mobilenet_v2_075_224": "mobilenet_v2_075",
}

// Names lists the 22 names that MindCV registers.
func Names() []string {
	var list []string
	for _, r := range registered {
		for _, s := range r.suffixes {
			list = append(list, "mobilenet_v2_"+r.label+s)
		}
	}
	return list
}

// NameOf returns a registered name of the network of that width, "" if there is none.
func NameOf(width float64) string {
	for _, r := range registered {
		if r.width == width {
			return "mobilenet_v2_" + r.label + r.suffixes[0]
		}
	}
	return ""
}

// Lookup returns the width multiplier of a registered name (names of MindCV 0.1 included) and the image size that its
// suffix names, 0 if it names none. The suffix is a label only: it changes nothing in the network.
func Lookup(name string) (width float64, size int, err error) {
	current, ok := oldNames[name]
	if !ok {
		current = name
	}
	if !slices.Contains(Names(), current) {
		return 0, 0, fmt.Errorf("unknown model %q (want one of %s)", name, strings.Join(Names(), ", "))
	}
	label, suffix, _ := strings.Cut(strings.TrimPrefix(name, "mobilenet_v2_"), "_")
	if suffix != "" {
		if size, err = strconv.Atoi(suffix); err != nil {
			return 0, 0, fmt.Errorf("model %q: %w", name, err)
		}
	}
	for _, r := range registered {
		if r.label == label {
			return r.width, size, nil
		}
	}
	return 0, 0, fmt.Errorf("unknown model %q", name)
}
