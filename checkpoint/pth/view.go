package pth

import (
	"fmt"
	"math"

	"mnv2/checkpoint/internal/tensor"
)

// maxDims bounds a shape; more dimensions than this is damage, not data.
const maxDims = 64

// storages hands out the bytes of a storage. The result covers the whole storage, not the view of a storageRef.
type storages interface {
	bytes(ref storageRef) ([]byte, error)
}

// viewer turns tensor references into tensors. Contiguous ones share memory with the file; copies of others come out of
// a budget, because a view with stride 0 can make a terabyte from one element.
type viewer struct {
	from   storages
	budget int // bytes that may still be copied
}

func (v *viewer) tensor(name string, ref *tensorRef) (tensor.Tensor, error) {
	d := ref.storage.kind.dtype
	out := tensor.Tensor{Name: name, DType: d, Shape: make([]int, len(ref.size))}
	for i, n := range ref.size {
		out.Shape[i] = int(n)
		if int64(out.Shape[i]) != n {
			return out, fmt.Errorf("tensor %q: dimension %d is too large", name, n)
		}
	}
	total, ok := tensor.Bytes(d, out.Shape)
	if !ok {
		return out, fmt.Errorf("tensor %q: shape %v is not possible", name, ref.size)
	}
	if err := ref.inside(); err != nil {
		return out, fmt.Errorf("tensor %q: %w", name, err)
	}
	data, err := v.from.bytes(ref.storage)
	if err != nil {
		return out, fmt.Errorf("tensor %q: %w", name, err)
	}
	es := int64(d.Size())
	if have := int64(len(data)) / es; ref.storage.base+ref.storage.numel > have {
		return out, fmt.Errorf("tensor %q: storage %q holds %d elements of %d: the file is cut or damaged",
			name, ref.storage.key, have, ref.storage.base+ref.storage.numel)
	}
	if total == 0 {
		return out, nil
	}
	data = data[(ref.storage.base+ref.offset)*es:]
	if ref.contiguous() {
		out.Data = data[:total:total]
		return out, nil
	}
	if total > v.budget {
		return out, fmt.Errorf("tensor %q: shape %v repeats its elements into %d bytes, more than the file accounts for", name, ref.size, total)
	}
	v.budget -= total
	out.Data = gather(make([]byte, 0, total), data, ref.size, ref.stride, es)
	return out, nil
}

// inside checks that the last element, offset + sum((size-1)*stride), lies in the storage.
func (t *tensorRef) inside() error {
	last := t.offset
	if last < 0 {
		return fmt.Errorf("offset %d is negative", last)
	}
	for i, n := range t.size {
		if n == 0 {
			return nil // no element at all
		}
		step := t.stride[i]
		if step < 0 || n > 1 && step > (math.MaxInt64-last)/(n-1) {
			return fmt.Errorf("stride %d is not possible", step)
		}
		last += (n - 1) * step
	}
	if last >= t.storage.numel {
		return fmt.Errorf("element %d lies outside its storage of %d", last, t.storage.numel)
	}
	return nil
}

// contiguous reports whether the elements lie in row-major order without gaps. Strides of dimensions of size 1 mean nothing.
func (t *tensorRef) contiguous() bool {
	want := int64(1)
	for i := len(t.size) - 1; i >= 0; i-- {
		if t.size[i] != 1 && t.stride[i] != want {
			return false
		}
		want *= t.size[i]
	}
	return true
}

// gather appends the elements of a strided view to dst in row-major order. es is the bytes per element.
func gather(dst, src []byte, size, stride []int64, es int64) []byte {
	if len(size) == 0 {
		return append(dst, src[:es]...)
	}
	for i := range size[0] {
		dst = gather(dst, src[i*stride[0]*es:], size[1:], stride[1:], es)
	}
	return dst
}
