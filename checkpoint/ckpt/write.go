package ckpt

import (
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"mnv2/checkpoint/internal/tensor"
)

// DefaultPieceBytes is where MindSpore cuts the content of a large tensor: 512 MiB.
const DefaultPieceBytes = 512 << 20

// Options changes how a file is written. The zero value is MindSpore's default.
type Options struct {
	Checksum   bool // end the file with a CRC-32, as crc_check=True does; MindSpore before 2.3 cannot read such a file
	PieceBytes int  // cut the content of larger tensors into pieces of this size; 0 means DefaultPieceBytes
}

// Encode writes the tensors of f in order, with unpacked dims as MindSpore's own writer does. Scalars get the single
// dimension 0, which old and new versions read as a scalar. f.Meta is not written: the format has no place for it.
func Encode(w io.Writer, f *tensor.File, opt Options) error {
	if err := tensor.CheckAll(f.Tensors); err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	piece := opt.PieceBytes
	if piece <= 0 {
		piece = DefaultPieceBytes
	}
	out := &crcWriter{w: w}
	for _, t := range f.Tensors {
		if err := writeTensor(out, t, piece); err != nil {
			return err
		}
	}
	if opt.Checksum {
		return out.writeTrailer()
	}
	return nil
}

func writeTensor(w io.Writer, t tensor.Tensor, piece int) error {
	content := t.Data
	if t.DType == tensor.String {
		content = encodeText(t.Data)
	}
	if len(t.Shape) == 0 {
		piece = max(piece, len(content)) // text and scalars are never cut: a reader knows them by their length
	}
	for {
		n := min(piece, len(content))
		if err := writeValue(w, t, content[:n]); err != nil {
			return err
		}
		content = content[n:]
		if len(content) == 0 {
			return nil
		}
	}
}

// writeValue writes one Value. The lengths of the enclosing messages come first, so that the content is written from
// where it lies.
func writeValue(w io.Writer, t tensor.Tensor, content []byte) error {
	inner := appendDims(nil, t.Shape)
	inner = protowire.AppendTag(inner, tensorType, protowire.BytesType)
	inner = protowire.AppendString(inner, typeName(t.DType))
	inner = protowire.AppendTag(inner, tensorContent, protowire.BytesType)
	inner = protowire.AppendVarint(inner, uint64(len(content)))

	var mid []byte
	mid = protowire.AppendTag(mid, valueTag, protowire.BytesType)
	mid = protowire.AppendString(mid, t.Name)
	mid = protowire.AppendTag(mid, valueTensor, protowire.BytesType)
	mid = protowire.AppendVarint(mid, uint64(len(inner)+len(content)))

	head := protowire.AppendTag(nil, checkpointValue, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(len(mid)+len(inner)+len(content)))
	head = append(append(head, mid...), inner...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

func appendDims(b []byte, shape []int) []byte {
	if len(shape) == 0 {
		shape = []int{0}
	}
	for _, d := range shape {
		b = protowire.AppendTag(b, tensorDims, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(d))
	}
	return b
}
