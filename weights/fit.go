package weights

import (
	"fmt"
	"sort"
	"strings"

	"mnv2/checkpoint"
	"mnv2/model"
)

// Fit is how the tensors of a file fit a network.
type Fit struct {
	Values      map[string][]float32 // by MindCV name: what can be used
	Missing     []string             // parameters of the network that the file lacks
	Unused      []string             // tensors of the file that are neither the network's nor an optimizer's
	DroppedHead bool                 // the classifier was left out because it has another number of classes
}

// Fit returns the values for the network a. With newHead a classifier of another size is left out, and said; otherwise
// every difference in shape is an error that wraps checkpoint.ErrFormat and names the tensor.
func (f *File) Fit(a *model.Arch, newHead bool) (Fit, error) {
	fit := Fit{Values: map[string][]float32{}, Unused: f.unused}
	fit.DroppedHead = newHead && f.Config.Classes != 0 && f.Config.Classes != a.Classes
	for _, p := range a.Params() {
		t, ok := f.tensors[p.Name]
		isHead := p.Kind == model.DenseWeight || p.Kind == model.DenseBias
		switch {
		case isHead && fit.DroppedHead:
		case !ok:
			fit.Missing = append(fit.Missing, p.Name)
		case !sameShape(t.Shape, p.Shape):
			return fit, fmt.Errorf("checkpoint %q: %w: %s", f.Path, checkpoint.ErrFormat, f.mismatch(t, p, a))
		default:
			v, err := t.Float32s()
			if err != nil {
				return fit, fmt.Errorf("checkpoint %q: %w: %w", f.Path, checkpoint.ErrFormat, err)
			}
			fit.Values[p.Name] = v
		}
	}
	return fit, nil
}

// SumStem turns a network for colour pictures into one for grey ones: the weights of the first convolution are added up over its input
// channels, as MindCV does. It changes nothing unless the file's network takes 3 channels.
func (f *File) SumStem() error {
	const stem = "features.0.weight"
	t := f.tensors[stem]
	if f.Config.InChannels != 3 || len(t.Shape) != 4 {
		return nil
	}
	v, err := t.Float32s()
	if err != nil {
		return fmt.Errorf("checkpoint %q: %w: %w", f.Path, checkpoint.ErrFormat, err)
	}
	plane := t.Shape[2] * t.Shape[3]
	sum := make([]float32, t.Shape[0]*plane)
	for i := range sum {
		at := i/plane*3*plane + i%plane
		sum[i] = v[at] + v[at+plane] + v[at+2*plane]
	}
	f.tensors[stem] = checkpoint.FromFloat32s(t.Name, []int{t.Shape[0], 1, t.Shape[2], t.Shape[3]}, sum)
	f.Config.InChannels = 1
	return nil
}

// mismatch says which shape does not fit, and what the user may do about it.
func (f *File) mismatch(t checkpoint.Tensor, p model.Param, a *model.Arch) string {
	text := fmt.Sprintf("%s is %s, the network wants %s", t.Name, shapeText(t.Shape), shapeText(p.Shape))
	switch {
	case f.Config.Width != a.Width:
		return fmt.Sprintf("%s; the file holds a network of width %g, not %g: pass another --model", text, f.Config.Width, a.Width)
	case f.Config.InChannels != a.InChannels:
		return fmt.Sprintf("%s; the file's network takes %d channels: pass --in_channels", text, f.Config.InChannels)
	case f.Config.Classes != a.Classes:
		return fmt.Sprintf("%s; pass --num_classes %d to train a new classifier on these features", text, a.Classes)
	}
	return text
}

func shapeText(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "x")
}

// Summary says in a line what the file holds.
func (f *File) Summary() string {
	classes := fmt.Sprintf("%d classes", f.Config.Classes)
	if f.Config.Classes == 0 {
		classes = "no classifier"
	}
	return fmt.Sprintf("%s, %s names, width %g, %s, %d of 262 tensors", f.Format, f.Naming, f.Config.Width, classes, len(f.tensors))
}

// Names lists names in a line, cut after a few.
func Names(list []string) string {
	const most = 4
	sort.Strings(list)
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
