package bench

import (
	"context"
	"errors"
	"fmt"

	"mnv2/backend"
)

// OpResult is one row of the table of operations, in inference.
type OpResult struct {
	Name  string  `json:"op"`
	Part  bool    `json:"part"` // of the block before it
	Shape string  `json:"shape"`
	FLOPs int64   `json:"flops"` // a multiply-add is two; convolutions only
	Bytes int64   `json:"bytes"` // of all operands, each counted once
	Share float64 `json:"share_of_peak,omitempty"`
	Stats
}

// GFLOPS is the rate at the best round.
func (r OpResult) GFLOPS() float64 { return float64(r.FLOPs) / r.Best / 1e9 }

// GBS is gigabytes of operands a second at the best round.
func (r OpResult) GBS() float64 { return float64(r.Bytes) / r.Best / 1e9 }

// Peak is what a device offers that can measure its limit.
type Peak interface {
	// PeakFLOPS is the most float32 operations a second, 0 if there is no probe.
	PeakFLOPS() float64
}

// MeasurePeak returns the limit of the device in operations a second, 0 if it has no probe.
func MeasurePeak(b backend.Backend) float64 {
	if p, ok := backend.As[Peak](b); ok {
		return p.PeakFLOPS()
	}
	return 0
}

// Ops measures every block of the network for batches of n images of size x size, its convolutions alone after it, and at last
// the whole network as one operation. The peak is measured before and after each row, because a shared machine has another one
// at every moment; the better counts. Every row is handed to report when it is there.
func (b *Bench) Ops(ctx context.Context, n, size int, report func(OpResult) error) error {
	info := b.Device.Info()
	chain, err := b.Arch.Blocks(backend.Infer, info.DTypes[0], info.Layout, n, size)
	if err != nil {
		return err
	}
	total := int64(0)
	rows := []opRow{}
	for i, block := range chain.Blocks[:chain.Len] {
		list := rowsOf(fmt.Sprintf("%02d", i), block)
		total += list[0].flops
		rows = append(rows, list...)
	}
	x := chain.In()
	rows = append(rows, opRow{name: "network", op: chain, shape: fmt.Sprintf("%dx%dx%d -> %d", x.H, x.W, x.C, b.Arch.Classes), flops: total})
	for _, row := range rows {
		peak := MeasurePeak(b.Device)
		r, err := b.op(ctx, row)
		if err != nil {
			return fmt.Errorf("bench %s: %w", row.name, err)
		}
		if peak = max(peak, MeasurePeak(b.Device)); peak > 0 {
			r.Share = float64(r.FLOPs) / r.Best / peak
		}
		if err := report(r); err != nil {
			return err
		}
	}
	return nil
}

// opRow is an operation to be timed.
type opRow struct {
	name, shape string
	part        bool
	op          backend.Op
	flops       int64
}

// rowsOf lists a block, then its convolutions.
func rowsOf(name string, block backend.Block) []opRow {
	row := opRow{name: name, op: block}
	var parts []opRow
	add := func(name string, c backend.Conv2D) {
		row.flops += 2 * c.MACs()
		parts = append(parts, opRow{name: name, part: true, op: c, shape: shapeOf(c.In(), c.Out(), c.Stride), flops: 2 * c.MACs()})
	}
	stride := 1
	switch o := block.(type) {
	case backend.ConvBNAct:
		stride = o.Stride
		row.name += " convolution"
		add(fmt.Sprintf("%dx%d", o.R, o.S), o.Conv(backend.Infer))
	case backend.InvertedResidual:
		stride = o.Stride
		row.name += " residual"
		if o.Expand {
			add("expand 1x1", o.ExpandConv(backend.Infer).Conv(backend.Infer))
		}
		add("depthwise 3x3", o.DepthwiseConv(backend.Infer).Conv(backend.Infer))
		add("project 1x1", o.ProjectConv(backend.Infer).Conv(backend.Infer))
	case backend.Head:
		row.name += " head"
		add("dense", o.Dense(backend.Infer))
	}
	row.shape = shapeOf(block.In(), block.Out(), stride)
	return append([]opRow{row}, parts...)
}

func shapeOf(x, y backend.Desc, stride int) string {
	return fmt.Sprintf("%dx%d %d->%d /%d", x.H, x.W, x.C, y.C, stride)
}

// op times one operation on random numbers between 0 and 1.
func (b *Bench) op(ctx context.Context, row opRow) (_ OpResult, err error) {
	m := &opMemory{device: b.Device, tensors: map[string]backend.Tensor{}}
	defer closing(&err, m.close)
	run, err := m.prepare(row.op, b.Fuse)
	if err != nil {
		return OpResult{}, err
	}
	stats, err := Measure(ctx, b.Time/10, func() error { return errors.Join(run(), b.Device.Sync()) })
	if err != nil {
		return OpResult{}, err
	}
	return OpResult{Name: row.name, Part: row.part, Shape: row.shape, FLOPs: row.flops, Bytes: m.operandBytes, Stats: stats}, nil
}
