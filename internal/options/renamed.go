package options

import "fmt"

// oldName is an option of MindCV 0.1 to 0.2 that has another name, or another form, today.
type oldName struct {
	now    string               // today's option
	value  func(on bool) string // today's value for the old truth value; "" leaves it alone
	reason string
}

// renamed lists the old names. filter_bias_and_bn did the opposite of its name: True forgot to exempt batch norm and
// biases from weight decay, False left the choice to MindSpore, which exempts batch norm.
var renamed = map[string]oldName{
	"filter_bias_and_bn": {now: "weight_decay_filter", reason: "as it acted in MindCV 0.1 and 0.2",
		value: func(on bool) string { return pick(on, "disable", "auto") }},
	"use_ema": {now: "ema", reason: "its name today",
		value: func(on bool) string { return pick(on, "True", "False") }},
	"dynamic_loss_scale": {now: "loss_scale_type", reason: "its name today",
		value: func(on bool) string { return pick(on, "dynamic", "") }},
}

// RenamedNames returns today's name for an old one.
func RenamedNames() map[string]string {
	m := make(map[string]string, len(renamed))
	for old, r := range renamed {
		m[old] = r.now
	}
	return m
}

// applyOld sets today's option from an old one, unless today's is set in the same layer or a stronger one.
func (o *Options) applyOld(name string, old oldName, text string, source Source) ([]Notice, error) {
	on, err := parseBool(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	value := old.value(on)
	if value == "" || (o.sources[old.now] >= source && o.IsSet(old.now)) {
		return nil, nil
	}
	if err := byName[old.now].Set(o, value); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	o.setSource(old.now, source)
	return []Notice{{Option: name, Text: fmt.Sprintf("%s %s is read as %s %s, %s",
		name, pick(on, "True", "False"), old.now, value, old.reason)}}, nil
}
