package pth

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

// pickler writes pickle protocol 2, without memo: each value is spelled out where it stands.
type pickler struct{ b []byte }

// encodePickle returns data.pkl: the dictionary of tensors, tensor i in storage i.
func encodePickle(f *tensor.File) []byte {
	p := &pickler{b: []byte{opProto, 2}}
	p.orderedDict()
	p.op(opMark)
	for i, t := range f.Tensors {
		p.text(t.Name)
		p.tensor(t, strconv.Itoa(i))
	}
	p.op(opSetItems)
	if len(f.Meta) > 0 {
		p.meta(f.Meta)
	}
	p.op(opStop)
	return p.b
}

func (p *pickler) op(op byte) { p.b = append(p.b, op) }

func (p *pickler) text(s string) {
	p.op(opBinUnicode)
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(len(s)))
	p.b = append(p.b, s...)
}

func (p *pickler) global(module, name string) {
	p.op(opGlobal)
	p.b = append(p.b, module+"\n"+name+"\n"...)
}

// int writes a number that is not negative.
func (p *pickler) int(n int) {
	switch {
	case n <= math.MaxUint8:
		p.b = append(p.b, opBinInt1, byte(n))
	case n <= math.MaxInt32:
		p.op(opBinInt)
		p.b = binary.LittleEndian.AppendUint32(p.b, uint32(n))
	default:
		p.b = append(p.b, opLong1, 8)
		p.b = binary.LittleEndian.AppendUint64(p.b, uint64(n))
	}
}

func (p *pickler) ints(v []int) {
	p.op(opMark)
	for _, n := range v {
		p.int(n)
	}
	p.op(opTuple)
}

func (p *pickler) orderedDict() {
	p.global("collections", "OrderedDict")
	p.op(opEmptyTuple)
	p.op(opReduce)
}

// tensor writes _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks), or _rebuild_tensor_v3 with the
// dtype behind for the types that have no storage class.
func (p *pickler) tensor(t tensor.Tensor, key string) {
	class, typed := storageClass(t.DType)
	if typed {
		p.global("torch._utils", "_rebuild_tensor_v2")
	} else {
		p.global("torch._utils", "_rebuild_tensor_v3")
	}
	p.op(opMark)
	p.op(opMark)
	p.text("storage")
	if typed {
		p.global("torch", class)
	} else {
		p.global("torch.storage", "UntypedStorage")
	}
	p.text(key)
	p.text("cpu")
	if typed {
		p.int(len(t.Data) / t.DType.Size())
	} else {
		p.int(len(t.Data))
	}
	p.op(opTuple)
	p.op(opBinPersID)
	p.int(0)
	p.ints(t.Shape)
	p.ints(strides(t.Shape))
	p.op(opNewFalse)
	p.orderedDict()
	if !typed {
		p.global("torch", torchDType(t.DType))
	}
	p.op(opTuple)
	p.op(opReduce)
}

// meta writes {metaAttr: meta} as the attributes of the dictionary on the stack.
func (p *pickler) meta(meta map[string]string) {
	p.op(opEmptyDict)
	p.text(metaAttr)
	p.op(opEmptyDict)
	p.op(opMark)
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		p.text(key)
		p.text(meta[key])
	}
	p.op(opSetItems)
	p.op(opSetItem)
	p.op(opBuild)
}

// strides returns the row-major strides that PyTorch gives a new tensor: dimensions of size 0 count as 1.
func strides(shape []int) []int {
	out := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		out[i] = step
		step *= max(shape[i], 1)
	}
	return out
}

func storageClass(d tensor.DType) (string, bool) {
	for name, have := range storageClasses {
		if have == d {
			return name, true
		}
	}
	return "", false
}

func torchDType(d tensor.DType) string {
	for name, have := range torchDTypes {
		if have == d {
			return name
		}
	}
	return ""
}
