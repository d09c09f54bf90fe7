package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"mnv2/model"
)

// Grouping says which parameters are trained, which of them decay, and at what share of the learning rate.
type Grouping struct {
	DecayFilter string   // "disable", "auto" or "norm_and_bias"
	LayerDecay  float64  // factor of the learning rate from one group of layers to the one before; 0 for none
	HeadLR      float64  // learning rate of the classifier at the top of the schedule; 0 for that of all others
	Freeze      []string // beginnings of names, up to a dot: what is not trained
}

// group are the parameters that an update treats alike.
type group struct {
	decays bool
	share  float64 // of the learning rate
}

// grouping is how the parameters of a network fall into groups.
type grouping struct {
	list []group
	of   map[string]int // by name; model.Frozen if it is not trained
}

// groups deals the parameters of a network out. Groups are counted in the order in which they first come up.
func (g Grouping) groups(a *model.Arch, lr float64) (grouping, error) {
	decays, err := g.decays()
	if err != nil {
		return grouping{}, err
	}
	if err := g.checkFreeze(a); err != nil {
		return grouping{}, err
	}
	result := grouping{of: map[string]int{}}
	layers := layerShares(a, g.layerDecay())
	for i, p := range a.Params() {
		if !p.Kind.Trainable() {
			continue
		}
		this := group{decays: decays(p), share: layers[i]}
		if isHead(p) && g.HeadLR > 0 && lr > 0 {
			this.share *= g.HeadLR / lr
		}
		at := slices.Index(result.list, this)
		switch {
		case slices.ContainsFunc(g.Freeze, func(prefix string) bool { return begins(p.Name, prefix) }):
			at = model.Frozen
		case at < 0:
			at = len(result.list)
			result.list = append(result.list, this)
		}
		result.of[p.Name] = at
	}
	if len(result.list) == 0 {
		return result, fmt.Errorf("freeze %s: nothing is left to train", strings.Join(g.Freeze, ","))
	}
	return result, nil
}

// layerDecay is what acts: with the filter auto MindCV leaves it out.
func (g Grouping) layerDecay() float64 {
	if strings.EqualFold(g.DecayFilter, "auto") {
		return 0
	}
	return g.LayerDecay
}

// decays returns which parameters decay, by MindCV's weight_decay_filter or, with layer_decay, its rule for that.
//
//	disable        all
//	auto           all but batch norm's gamma and beta; layer_decay has no effect
//	norm_and_bias  neither these nor the classifier's bias
//	layer_decay    the same
func (g Grouping) decays() (func(model.Param) bool, error) {
	var spared []model.Kind
	filter := strings.ToLower(g.DecayFilter)
	switch {
	case filter != "disable" && filter != "auto" && filter != "norm_and_bias":
		return nil, fmt.Errorf("weight_decay_filter %q: want disable, auto or norm_and_bias", g.DecayFilter)
	case filter == "auto":
		spared = []model.Kind{model.Gamma, model.Beta}
	case filter == "norm_and_bias" || g.LayerDecay > 0:
		spared = []model.Kind{model.Gamma, model.Beta, model.DenseBias}
	}
	return func(p model.Param) bool { return !slices.Contains(spared, p.Kind) }, nil
}

// tensorsPerLayer is how many tensors make a group of layer_decay.
const tensorsPerLayer = 12

// layerShares returns decay^(groups between a parameter's and the classifier), by the place in a.Params. Groups are runs of 12 tensors in
// MindSpore's order: weight, moving mean, moving variance, gamma, beta. Source: MindCV's param_groups_layer_decay, with the classifier as the head; MindCV's
// MobileNetV2 does not say that it is, so that there all parameters are of one group.
func layerShares(a *model.Arch, decay float64) []float64 {
	params := a.Params()
	shares := make([]float64, len(params))
	if decay == 0 {
		decay = 1
	}
	offset := map[model.Kind]int{model.ConvWeight: 0, model.MovingMean: 1, model.MovingVariance: 2, model.Gamma: 3, model.Beta: 4}
	trunk := slices.IndexFunc(params, isHead)
	top := (trunk + tensorsPerLayer - 1) / tensorsPerLayer
	for i, p := range params {
		layer := top
		if !isHead(p) {
			layer = (i/len(offset)*len(offset) + offset[p.Kind]) / tensorsPerLayer
		}
		shares[i] = math.Pow(decay, float64(top-layer))
	}
	return shares
}

func isHead(p model.Param) bool { return p.Kind == model.DenseWeight || p.Kind == model.DenseBias }

// begins reports whether a name is prefix or lies below it: features.1 is not the beginning of features.10.weight.
func begins(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, strings.TrimSuffix(prefix, ".")+".")
}

func (g Grouping) checkFreeze(a *model.Arch) error {
	for _, prefix := range g.Freeze {
		if !slices.ContainsFunc(a.Params(), func(p model.Param) bool { return begins(p.Name, prefix) }) {
			return fmt.Errorf("freeze %q: no parameter begins so (they are features.0 to features.21 and classifier)", prefix)
		}
	}
	return nil
}
