package data

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mnv2/data/pixel"
)

// Dataset is an indexed collection of labelled pictures. Its methods may be called by many goroutines at once.
type Dataset interface {
	// Len is the number of samples.
	Len() int
	// Classes are the class names in class order. Callers must not change the slice.
	Classes() []string
	// Label is the class of sample i, for i from 0 to Len()-1.
	Label(i int) int
	// Name says where sample i comes from (a file, "shapes/train#17"), for messages. It is unique in the set.
	Name(i int) string
	// Load reads and decodes sample i. The caller owns the picture. An error means that this sample cannot be read; it
	// names the sample.
	Load(i int) (pixel.Image, error)
}

// ErrClasses is wrapped by the error of CompareClasses.
var ErrClasses = errors.New("the classes of the training and the validation set differ")

// CompareClasses returns nil if both sets name the same classes in the same order. Otherwise equal labels mean different
// things, which happens when a class folder is missing in one split; the error lists the names.
func CompareClasses(train, val Dataset) error {
	a, b := train.Classes(), val.Classes()
	if slices.Equal(a, b) {
		return nil
	}
	onlyTrain, onlyVal := missing(a, b), missing(b, a)
	why := fmt.Sprintf("%d and %d classes", len(a), len(b))
	if len(onlyTrain) > 0 {
		why += ", only in training: " + someOf(onlyTrain)
	}
	if len(onlyVal) > 0 {
		why += ", only in validation: " + someOf(onlyVal)
	}
	if len(onlyTrain)+len(onlyVal) == 0 {
		why += ", the same names in another order"
	}
	return fmt.Errorf("%w: %s; name all classes in order with --class_index FILE", ErrClasses, why)
}

// missing returns the names of have that want lacks.
func missing(have, want []string) (names []string) {
	known := make(map[string]bool, len(want))
	for _, name := range want {
		known[name] = true
	}
	for _, name := range have {
		if !known[name] {
			names = append(names, name)
		}
	}
	return names
}

// someOf lists the first few names, quoted, and how many more there are.
func someOf(names []string) string {
	const most = 5
	quoted := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	list := strings.Join(quoted, ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return list
}
