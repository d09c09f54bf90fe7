package checkpoint

import (
	"fmt"
	"path/filepath"
	"strings"

	"mnv2/checkpoint/ckpt"
	"mnv2/checkpoint/internal/tensor"
	"mnv2/checkpoint/pth"
	"mnv2/checkpoint/safetensors"
	"mnv2/checkpoint/tflite"
)

// codecs lists the formats in the order in which they are tried: those with a magic number first.
var codecs = []struct {
	format Format
	is     func([]byte) bool
	decode func([]byte) (*File, error)
}{
	{PTH, pth.IsArchive, pth.Decode},
	{PTHLegacy, pth.IsLegacy, pth.DecodeLegacy},
	{TFLite, tflite.Is, tflite.Decode},
	{SafeTensors, safetensors.Is, safetensors.Decode},
	{CKPT, ckpt.Is, ckpt.Decode},
}

// Writable returns the formats that Write accepts.
func Writable() []Format { return []Format{CKPT, SafeTensors, PTH} }

var suffixes = map[string]Format{
	".ckpt": CKPT, ".safetensors": SafeTensors, ".pth": PTH, ".pt": PTH, ".tflite": TFLite,
}

// FormatForPath returns the format that a file name asks for, by its suffix in any case: .ckpt, .safetensors, .pth,
// .pt or .tflite. It is for files to be written; Read looks at the content.
func FormatForPath(path string) (Format, error) {
	suffix := strings.ToLower(filepath.Ext(path))
	if f, ok := suffixes[suffix]; ok {
		return f, nil
	}
	return "", fmt.Errorf("file name %q: suffix %q is not a weight format (.ckpt, .safetensors, .pth, .pt)", path, suffix)
}

// foreign are files that people take for checkpoints, with the way out.
var foreign = []struct{ magic, advice string }{
	{"\x89HDF\r\n\x1a\n", "this is a Keras or HDF5 file; save the weights as safetensors or ONNX where the model was made"},
	{"version https://git-lfs", "this is a Git LFS pointer, not the file itself; fetch it with git lfs pull"},
	{"\x93NUMPY", "this is a NumPy array; save the weights as safetensors"},
	{"\x08", "this looks like an ONNX model; only weight files can be read"},
	{"\x80", "this is a Python pickle but not a PyTorch file; write it with torch.save"},
	{"<", "this looks like a web page; the download went wrong"},
	{"\x1f\x8b", "this is packed with gzip; unpack it first"},
}

// decode finds out what data is and reads it.
func decode(data []byte) (*File, error) {
	if len(data) == 0 {
		return nil, tensor.Errorf("the file is empty")
	}
	if isMindIR(data) {
		return nil, tensor.Errorf("this is a MindIR graph; export a .ckpt from MindSpore")
	}
	for _, c := range codecs {
		if c.is(data) {
			return c.decode(data)
		}
	}
	for _, f := range foreign {
		if strings.HasPrefix(string(data[:min(len(data), 32)]), f.magic) {
			return nil, tensor.Errorf("%s", f.advice)
		}
	}
	return nil, tensor.Errorf("unknown format; .ckpt, .safetensors, .pth, .pt and .tflite files can be read")
}

// isMindIR recognises a graph exported by MindSpore, which begins like a .ckpt file but with a version ("0.1.1") where
// that has its first tensor.
func isMindIR(data []byte) bool {
	if len(data) < 2 || data[0] != 0x0a || data[1] == 0 || int(data[1]) > min(16, len(data)-2) {
		return false
	}
	return strings.Trim(string(data[2:2+data[1]]), "0123456789.") == ""
}
