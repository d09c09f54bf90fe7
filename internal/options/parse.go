package options

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

func assign[T any](p *T, text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err == nil {
		*p = v
	}
	return err
}

func assignMaybe[T any](p *Maybe[T], text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err == nil {
		*p = Some(v)
	}
	return err
}

// parseBool takes MindCV's words (true yes 1, false no 0) and YAML 1.1's on and off, in any letter case.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "1", "on":
		return true, nil
	case "false", "no", "0", "off":
		return false, nil
	}
	return false, fmt.Errorf("must be true or false (also yes, no, 1, 0), not %q", text)
}

// parseInt takes a whole number, also one written as 64.0 or 1e3.
func (o *Option) parseInt(text string) (int, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 0)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, fmt.Errorf("must be a whole number, not %q", text)
		}
		n = int64(f)
	}
	if int64(int(n)) != n {
		return 0, fmt.Errorf("must fit an int of this machine, not %q", text)
	}
	if err := o.Bounds.check(float64(n)); err != nil {
		return 0, fmt.Errorf("%w, not %s", err, text)
	}
	return int(n), o.checkChoice(strconv.FormatInt(n, 10))
}

func (o *Option) parseFloat(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("must be a finite number, not %q", text)
	}
	if err := o.Bounds.check(v); err != nil {
		return 0, fmt.Errorf("%w, not %s", err, text)
	}
	return v, nil
}

// maxList bounds the elements of a list; the longest that means anything is a list of milestones.
const maxList = 1024

// parseList takes 0.08,1.0 and [0.08, 1.0] and (0.08, 1.0).
func (o *Option) parseList(text string) ([]float64, error) {
	inner, ok := unbracket(text)
	if !ok {
		return nil, fmt.Errorf("must be numbers such as 0.5,1.0 or [0.5, 1.0], not %q", text)
	}
	inner = strings.TrimSuffix(strings.TrimSpace(inner), ",")
	if strings.TrimSpace(inner) == "" {
		return o.checkLen([]float64{})
	}
	if strings.Count(inner, ",") >= maxList {
		return nil, fmt.Errorf("must have at most %d numbers", maxList)
	}
	var list []float64
	for _, part := range strings.Split(inner, ",") {
		v, err := o.parseFloat(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return o.checkLen(list)
}

func (o *Option) checkLen(list []float64) ([]float64, error) {
	if o.Lens == nil || slices.Contains(o.Lens, len(list)) {
		return list, nil
	}
	return nil, fmt.Errorf("must have %s, not %d", lengths(o.Lens), len(list))
}

// lengths spells {1, 3} as "1 or 3 numbers".
func lengths(lens []int) string {
	words := make([]string, len(lens))
	for i, n := range lens {
		words[i] = strconv.Itoa(n)
	}
	return orList(words) + pick(len(lens) == 1 && lens[0] == 1, " number", " numbers")
}

// unbracket removes one pair of brackets. It reports false for a pair that does not match.
func unbracket(text string) (string, bool) {
	for _, pair := range []string{"[]", "()"} {
		open, shut := strings.HasPrefix(text, pair[:1]), strings.HasSuffix(text, pair[1:])
		if open != shut {
			return "", false
		}
		if open {
			return text[1 : len(text)-1], true
		}
	}
	return text, true
}

// parseText takes a text; where there are choices, one of them, letter case aside. Where the default is no text, the
// word None means that: MindCV would look for a file of that name. A text that may be a truth value is then True or False.
func (o *Option) parseText(text string) (string, error) {
	if o.Choices == nil && o.Default == "" && strings.EqualFold(text, "none") {
		return "", nil
	}
	if o.Lone != "" {
		if truth, err := parseBool(text); err == nil {
			return pick(truth, "True", "False"), nil
		}
	}
	if o.Choices == nil {
		return text, nil
	}
	for _, c := range slices.Concat(o.Choices, o.Hidden) {
		if strings.EqualFold(c, text) {
			return c, nil
		}
	}
	return "", o.checkChoice(text)
}

func (o *Option) checkChoice(text string) error {
	if o.Choices == nil || slices.Contains(o.Choices, text) || slices.Contains(o.Hidden, text) {
		return nil
	}
	if near := Nearest(text, slices.Concat(o.Choices, o.Hidden)); near != "" {
		return fmt.Errorf("must be %s, not %q; did you mean %s?", o.allowed(), text, near)
	}
	return fmt.Errorf("must be %s, not %q", o.allowed(), text)
}

// allowed spells the choices: "CE or BCE".
func (o *Option) allowed() string {
	words := make([]string, 0, len(o.Choices)+1)
	for _, c := range o.Choices {
		words = append(words, pick(c == "", `""`, c))
	}
	if o.None {
		words = append(words, "None")
	}
	return orList(words)
}

// orList joins words as "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
