package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sort"
	"strings"

	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/decode"
	"mnv2/data/imagenet"
	"mnv2/internal/cli"
)

// score is one class of a prediction.
type score struct {
	Index int     `json:"index"`
	Label string  `json:"label"`
	Prob  float64 `json:"prob"`
}

// prediction is a line of predict --format json.
type prediction struct {
	File   string    `json:"file"`
	TopK   []score   `json:"topk,omitempty"`
	Logits []float32 `json:"logits,omitempty"`
	Error  string    `json:"error,omitempty"`
}

func predictCommand(ctx context.Context, in cli.Invocation) (err error) {
	files := in.Args
	if in.Options.ImagePath != "" {
		files = append([]string{in.Options.ImagePath}, files...)
	}
	if len(files) == 0 {
		return &cli.ExitError{Code: cli.Usage, Err: errors.New("predict: no picture given")}
	}
	net, device, err := openNetwork(&in, 1)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := net.close(device); err == nil {
			err = closeErr
		}
	}()
	p, err := newPredictor(in, net)
	if err != nil {
		return err
	}
	if in.Options.Profile > 0 {
		return profileInference(ctx, in, net, device, 1, p.fromFiles(files))
	}
	if err := net.settle(); err != nil {
		return err
	}
	failed := 0
	for _, file := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := p.predict(file)
		if err != nil {
			return err
		}
		if line.Error != "" {
			failed++
		}
		if err := p.print(line); err != nil {
			return err
		}
	}
	if failed > 0 {
		return cli.Status(cli.BadData)
	}
	return nil
}

// predictor classifies pictures one by one.
type predictor struct {
	in        cli.Invocation
	net       *network
	transform data.Transform
	labels    []string
	pixels    []byte
	logits    []float32
	scratch   augment.Scratch
}

func newPredictor(in cli.Invocation, net *network) (*predictor, error) {
	transform, err := evalTransform(&in.Options)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	size := in.Options.EvalSize()
	names := labels(net)
	if file := in.Options.ClassIndex; file != "" {
		index, err := data.ReadClassIndex(file)
		if err != nil {
			return nil, &cli.ExitError{Code: cli.BadData, Err: err}
		}
		if names = index.Names; len(names) != net.arch.Classes {
			return nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("--class_index %q has %d classes, the checkpoint %d",
				file, len(names), net.arch.Classes)}
		}
	}
	return &predictor{in: in, net: net, transform: transform, labels: names,
		pixels: make([]byte, size*size*net.arch.InChannels), logits: make([]float32, net.arch.Classes)}, nil
}

// labels are the class names: those that travel with the weights, else ImageNet's for 1000 classes, else numbers.
func labels(net *network) []string {
	if card := net.file.Card; card != nil && len(card.Classes) == net.arch.Classes {
		return card.Classes
	}
	if net.arch.Classes == len(imagenet.Labels()) {
		return imagenet.Labels()
	}
	names := make([]string, net.arch.Classes)
	for i := range names {
		names[i] = fmt.Sprintf("class %d", i)
	}
	return names
}

// predict classifies one file. A file that cannot be read is told in the line; the error is for what ends the command.
func (p *predictor) predict(file string) (prediction, error) {
	line := prediction{File: file}
	if err := p.read(file); err != nil {
		line.Error = reasonOf(err, file)
		return line, nil
	}
	if err := p.net.inference.Logits(p.logits, p.pixels, 1); err != nil {
		return line, err
	}
	line.TopK = p.best(p.in.Options.TopK)
	if p.in.Options.Logits {
		line.Logits = append([]float32(nil), p.logits...)
	}
	return line, nil
}

// reasonOf is what err says of the picture in file, without its name.
func reasonOf(err error, file string) string {
	return strings.TrimPrefix(err.Error(), fmt.Sprintf("image %q: ", file))
}

// read makes the picture in file what the network takes, in p.pixels.
func (p *predictor) read(file string) error {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return plain(err)
	}
	img, err := decode.Image(bytes, file, decode.Limits{})
	if err != nil {
		return err
	}
	if img.C != p.net.arch.InChannels {
		return fmt.Errorf("%q has %d channels, the network takes %d", file, img.C, p.net.arch.InChannels)
	}
	rng := rand.New(rand.NewPCG(0, 0))
	p.transform.Make(p.pixels, img.Excerpt(p.transform.Choose(rng, img.W, img.H)), rng, &p.scratch)
	return nil
}

// best returns the k classes of the highest probability, softmax(logits), in falling order.
func (p *predictor) best(k int) []score {
	top := math.Inf(-1)
	for _, x := range p.logits {
		top = max(top, float64(x))
	}
	sum := 0.0
	list := make([]score, len(p.logits))
	for i, x := range p.logits {
		list[i] = score{Index: i, Label: p.labels[i], Prob: math.Exp(float64(x) - top)}
		sum += list[i].Prob
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Prob > list[j].Prob })
	list = list[:min(k, len(list))]
	for i := range list {
		list[i].Prob /= sum
	}
	return list
}

func (p *predictor) print(line prediction) error {
	if p.in.JSON {
		return printJSON(p.in, line)
	}
	if line.Error != "" {
		_, err := fmt.Fprintf(p.in.Stderr, "mnv2: %s: %s\n", line.File, line.Error)
		return err
	}
	fmt.Fprintln(p.in.Stdout, line.File)
	for _, s := range line.TopK {
		fmt.Fprintf(p.in.Stdout, "  %6.2f %%  %s (%d)\n", 100*s.Prob, s.Label, s.Index)
	}
	if line.Logits != nil {
		fmt.Fprintln(p.in.Stdout, "  logits", line.Logits)
	}
	return nil
}
