//go:build cgo && linux

package cuda

import (
	"encoding/binary"
	"fmt"

	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// Numbers that csrc/kernels/fused_block.cu also has.
const (
	blockSide  = 8  // of a tile of y
	blockSlice = 32 // expanded channels of a turn
	blockTaps  = 9 * blockSlice * 4
)

// blockTiles is how many tiles a batch must have for each multiprocessor before a block of the network is one kernel; with fewer the
// layers are cut finer. Not measured; tests change it.
var blockTiles = 0.5

// blockPlan is a launch of a kernel of fused_block.cu.
type blockPlan struct {
	name   string
	tiles  int
	shared int
}

// blockPlan returns the kernel for the whole block, and whether there is one that pays.
func (p *program) blockPlan(r residual) (plan blockPlan, ok bool) {
	o := r.depthwise.conv()
	fragments := blockFragments(r.K, r.Stride)
	if !r.Expand || fragments == 0 {
		return plan, false
	}
	plan.tiles = r.N * int(divUp(o.P(), blockSide)*divUp(o.Q(), blockSide))
	size := int(r.DType.Size())
	in := (blockSide-1)*r.Stride + 3
	places := int(divUp(in*in, 16)) * 16
	wide, narrow := int(divUp(r.C, 16))*16+packOf(r.DType), blockSlice+packOf(r.DType)
	plan.shared = size * ((places+2*blockSlice)*wide + (2*fragments*16+places+blockSide*blockSide)*narrow)
	plan.name = fmt.Sprintf("block_s%d_%d", r.Stride, fragments)
	enough := float64(plan.tiles) >= blockTiles*float64(p.device.gpu.Multiprocessors)
	return plan, enough && plan.shared+blockTaps <= p.device.gpu.SharedPerBlock
}

// blockFragments chooses the kernel by the channels of y, 16 for each fragment; 0 if there is none.
func blockFragments(channels, stride int) int {
	for _, n := range []int{2, 4, 6, 10, 20} {
		if channels <= 16*n && (n < 20 || stride == 1) {
			return n
		}
	}
	return 0
}

// inferBlock writes the whole block as one kernel.
func (p *program) inferBlock(r residual, plan blockPlan) {
	o := r.depthwise.conv()
	var sizes raw
	for _, n := range []int{r.N, r.H, r.W, r.C, r.E, r.K, o.P(), o.Q()} {
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(n))
	}
	shape := nv.LaunchConfig{Grid: [3]uint32{uint32(plan.tiles)}, Block: [3]uint32{productThreads}, Shared: uint32(plan.shared)}
	p.launch(kernel{file: kernels.FusedBlock, name: plan.name, dtype: r.DType}, shape, p.named("x"), p.param(r.expand, "w"), r.expand.norm,
		p.param(r.depthwise, "w"), r.depthwise.norm, p.param(r.project, "w"), r.project.norm, orNull(p.besides(r, "x")), p.named("y"), sizes)
}
