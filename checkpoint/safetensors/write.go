package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"mnv2/checkpoint/internal/tensor"
)

// Encode writes f as the reference writer does: __metadata__ first, tensors by falling width of type and then by
// name, the header padded with spaces so that the data starts at a multiple of eight. "format": "pt" is added to the
// metadata if f.Meta has no "format", because PyTorch tools refuse a file without it. f is not changed.
func Encode(w io.Writer, f *tensor.File) error {
	if err := check(f.Tensors); err != nil {
		return err
	}
	if err := tensor.CheckMeta(f.Meta); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	tensors := slices.Clone(f.Tensors)
	slices.SortStableFunc(tensors, func(a, b tensor.Tensor) int {
		if d := rank(a.DType) - rank(b.DType); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	header, err := buildHeader(tensors, f.Meta)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

func check(tensors []tensor.Tensor) error {
	if err := tensor.CheckAll(tensors); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	for _, t := range tensors {
		if rank(t.DType) < 0 {
			return fmt.Errorf("safetensors: tensor %q: the format has no type %v; put text into the metadata", t.Name, t.DType)
		}
		if t.Name == metadataKey {
			return fmt.Errorf("safetensors: tensor %q: the name is reserved", t.Name)
		}
	}
	return nil
}

// buildHeader returns the length field and the padded JSON.
func buildHeader(tensors []tensor.Tensor, meta map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 8))
	if err := writeMetadata(b, meta); err != nil {
		return nil, err
	}
	offset := 0
	for _, t := range tensors {
		b.WriteByte(',')
		if err := writeText(b, t.Name); err != nil {
			return nil, err
		}
		shape := strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ",")
		fmt.Fprintf(b, `:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`,
			ranked[rank(t.DType)].name, shape, offset, offset+len(t.Data))
		offset += len(t.Data)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len()-8 > maxHeader {
		return nil, fmt.Errorf("safetensors: the header would have %d bytes (at most %d are allowed)", b.Len()-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(b.Len()-8))
	return b.Bytes(), nil
}

func writeMetadata(b *bytes.Buffer, meta map[string]string) error {
	all := map[string]string{"format": "pt"}
	maps.Copy(all, meta)
	b.WriteString(`{"` + metadataKey + `":{`)
	for i, key := range slices.Sorted(maps.Keys(all)) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeText(b, key); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeText(b, all[key]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// writeText writes s as a JSON string without the HTML escapes that encoding/json adds by default.
func writeText(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("safetensors: write %q: %w", s, err)
	}
	b.Truncate(b.Len() - 1) // Encode ends with a newline
	return nil
}
