package checkpoint

import (
	"slices"
	"strings"
)

// containers are the names under which training programs nest the weights, best first.
var containers = []string{"state_dict", "model_state_dict", "model", "model_ema"}

// wrappers are prefixes that PyTorch's wrappers put before every name, DataParallel (module.) and torch.compile, which
// may stand around each other in both orders.
var wrappers = []string{"module.", "_orig_mod.", "module."}

// averagedCount is the one tensor that torch.optim.swa_utils.AveragedModel keeps beside the prefixed ones.
const averagedCount = "n_averaged"

// Unwrap returns f without the nesting that training programs add: of the containers state_dict, model_state_dict,
// model and model_ema the first that the file nests its tensors under (the rest, such as optimizer state, is left
// out), and the prefixes module. and _orig_mod. where all names have them. f is not changed; Meta is kept as it is.
func Unwrap(f *File) *File {
	out := *f
	for _, name := range containers {
		if inside := under(f, name); inside != nil {
			out.Tensors, out.Groups = inside, nil
			break
		}
	}
	for _, prefix := range wrappers {
		out.Tensors = stripWrapper(out.Tensors, prefix)
	}
	return &out
}

// under returns the tensors below a container with their inner names, nil if name is not one: the file must have
// nested them, or, where a format cannot nest, all tensors must carry the prefix.
func under(f *File, name string) []Tensor {
	var inside []Tensor
	for _, t := range f.Tensors {
		if short, ok := strings.CutPrefix(t.Name, name+"."); ok && short != "" {
			t.Name = short
			inside = append(inside, t)
		}
	}
	if slices.Contains(f.Groups, name) || len(inside) == len(f.Tensors) {
		return inside
	}
	return nil
}

// stripWrapper removes prefix if every tensor has it.
func stripWrapper(tensors []Tensor, prefix string) []Tensor {
	var out []Tensor
	for _, t := range tensors {
		short, ok := strings.CutPrefix(t.Name, prefix)
		if !ok && t.Name == averagedCount {
			continue
		}
		if !ok || short == "" {
			return tensors
		}
		t.Name = short
		out = append(out, t)
	}
	return out
}
