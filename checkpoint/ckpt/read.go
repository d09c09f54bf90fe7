package ckpt

import (
	"encoding/binary"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"mnv2/checkpoint/internal/tensor"
)

// Magic numbers at the start of a block that MindSpore encrypted (mindspore/core/utils/crypto.h): AES-GCM, AES-CBC, SM4-CBC.
const (
	magicGCM    = 0x7F3A5ED8
	magicSM4CBC = 0x7F3A5EDA
)

// Is reports whether data begins like a checkpoint: a Value message, or an encrypted block.
func Is(data []byte) bool {
	return len(data) > 0 && data[0] == checkpointValue<<3|byte(protowire.BytesType) || encrypted(data)
}

func encrypted(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(data)
	return magic >= magicGCM && magic <= magicSM4CBC
}

// Decode reads a whole file. Tensors share memory with data, except text and those that the file holds in pieces.
// A checksum at the end is verified. Every error is tensor.ErrFormat.
func Decode(data []byte) (*tensor.File, error) {
	if encrypted(data) {
		return nil, tensor.Errorf("ckpt: the file is encrypted; load it in MindSpore with its key and save it without enc_key")
	}
	body, err := checkTrailer(data)
	if err != nil {
		return nil, err
	}
	j := joiner{seen: map[string]bool{}}
	err = fields(body, func(id protowire.Number, kind protowire.Type, _ uint64, payload []byte) error {
		if id != checkpointValue || kind != protowire.BytesType {
			return nil
		}
		v, err := parseValue(payload)
		if err != nil {
			return err
		}
		return j.add(v)
	})
	if err == nil {
		err = j.finish()
	}
	if err != nil {
		return nil, tensor.Errorf("ckpt: %w (%d tensors were whole before it; the file is cut, encrypted or not a checkpoint)", err, len(j.done))
	}
	if len(j.done) == 0 {
		return nil, tensor.Errorf("ckpt: the file holds no tensor")
	}
	return &tensor.File{Format: tensor.CKPT, Tensors: j.done}, nil
}

// joiner turns values into tensors. MindSpore cuts a tensor above 512 MiB into consecutive values of one name, each
// with the full shape.
type joiner struct {
	done  []tensor.Tensor
	seen  map[string]bool
	open  tensor.Tensor // its Data is still shorter than want
	want  int
	parts [][]byte
	have  int
}

func (j *joiner) add(v value) error {
	if len(j.parts) > 0 && v.tag == j.open.Name {
		return j.more(v)
	}
	if err := j.finish(); err != nil {
		return err
	}
	if j.seen[v.tag] {
		return tensor.Errorf("tensor %q: appears twice", v.tag)
	}
	if !utf8.ValidString(v.tag) {
		return tensor.Errorf("tensor %q: the name is not UTF-8", v.tag)
	}
	if len(j.seen) == tensor.MaxTensors {
		return tensor.Errorf("more than %d tensors", tensor.MaxTensors)
	}
	j.seen[v.tag] = true
	t, want, err := v.describe()
	if err != nil {
		return err
	}
	if len(v.content) < want {
		j.open, j.want, j.have, j.parts = t, want, len(v.content), [][]byte{v.content}
		return nil
	}
	j.done = append(j.done, t)
	return nil
}

func (j *joiner) more(v value) error {
	t, want, err := v.describe()
	if err != nil {
		return err
	}
	if want != j.want || t.DType != j.open.DType {
		return tensor.Errorf("tensor %q: its pieces disagree about type or shape", v.tag)
	}
	j.parts, j.have = append(j.parts, v.content), j.have+len(v.content)
	if j.have > j.want {
		return tensor.Errorf("tensor %q: its pieces hold %d bytes, shape %v needs %d", v.tag, j.have, t.Shape, j.want)
	}
	if j.have == j.want {
		t.Data = make([]byte, 0, j.want)
		for _, p := range j.parts {
			t.Data = append(t.Data, p...)
		}
		j.done, j.parts = append(j.done, t), nil
	}
	return nil
}

func (j *joiner) finish() error {
	if len(j.parts) > 0 {
		return tensor.Errorf("tensor %q: shape %v needs %d bytes, the file has %d", j.open.Name, j.open.Shape, j.want, j.have)
	}
	return nil
}

// describe returns the tensor that v is, or is a piece of, and how many bytes the whole has.
// A scalar has no dims (MindSpore 2.3 and later) or the single dimension 0 with one element of content (before).
func (v value) describe() (t tensor.Tensor, want int, err error) {
	d, ok := typeNames[v.typeName]
	if !ok {
		return t, 0, tensor.Errorf("tensor %q: type %q is not supported", v.tag, v.typeName)
	}
	t = tensor.Tensor{Name: v.tag, DType: d, Data: v.content[:len(v.content):len(v.content)]}
	if d == tensor.String {
		t.Data, err = decodeText(v.content)
		if err != nil {
			return t, 0, tensor.Errorf("tensor %q: %w", v.tag, err)
		}
		return t, 0, nil
	}
	oldScalar := len(v.dims) == 1 && v.dims[0] == 0 && len(v.content) == d.Size()
	if !oldScalar {
		for _, dim := range v.dims {
			if int64(int(dim)) != dim {
				return t, 0, tensor.Errorf("tensor %q: dimension %d is too large", v.tag, dim)
			}
			t.Shape = append(t.Shape, int(dim))
		}
	}
	want, ok = tensor.Bytes(d, t.Shape)
	if !ok {
		return t, 0, tensor.Errorf("tensor %q: shape %v is not possible", v.tag, v.dims)
	}
	if len(v.content) > want {
		return t, 0, tensor.Errorf("tensor %q: shape %v needs %d bytes, the file has %d", v.tag, v.dims, want, len(v.content))
	}
	return t, want, nil
}
