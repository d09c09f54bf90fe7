package ckpt

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers; see the package comment.
const (
	checkpointValue = 1
	valueTag        = 1
	valueTensor     = 2
	valueMapTensor  = 3
	tensorDims      = 1
	tensorType      = 2
	tensorContent   = 3
)

// maxDims bounds a shape; more dimensions than this is damage, not data.
const maxDims = 64

// value is one Value message: a tensor, or a piece of one.
type value struct {
	tag      string
	dims     []int64
	typeName string
	content  []byte // part of the file
}

// fields calls visit for every field of a message; payload is the bytes of a length-delimited field, num those of a varint.
func fields(msg []byte, visit func(id protowire.Number, kind protowire.Type, num uint64, payload []byte) error) error {
	for len(msg) > 0 {
		id, kind, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		var num uint64
		var payload []byte
		switch kind {
		case protowire.VarintType:
			num, n = protowire.ConsumeVarint(msg)
		case protowire.BytesType:
			payload, n = protowire.ConsumeBytes(msg)
		default:
			n = protowire.ConsumeFieldValue(id, kind, msg)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		if err := visit(id, kind, num, payload); err != nil {
			return err
		}
	}
	return nil
}

func parseValue(msg []byte) (value, error) {
	var v value
	var body []byte
	err := fields(msg, func(id protowire.Number, kind protowire.Type, _ uint64, payload []byte) error {
		switch {
		case kind != protowire.BytesType: // not ours: skipped
		case id == valueTag:
			v.tag = string(payload)
		case id == valueTensor:
			body = payload
		case id == valueMapTensor:
			return errors.New("hash-table tensors are not supported")
		}
		return nil
	})
	if err == nil && (v.tag == "" || body == nil) {
		err = errors.New("no name or no tensor")
	}
	if err != nil {
		return v, fmt.Errorf("value %q: %w", v.tag, err)
	}
	if err := v.parseTensor(body); err != nil {
		return v, fmt.Errorf("tensor %q: %w", v.tag, err)
	}
	return v, nil
}

func (v *value) parseTensor(msg []byte) error {
	return fields(msg, func(id protowire.Number, kind protowire.Type, num uint64, payload []byte) error {
		switch {
		case id == tensorDims && kind == protowire.VarintType:
			return v.addDim(num)
		case id == tensorDims && kind == protowire.BytesType:
			return v.addPackedDims(payload)
		case id == tensorType && kind == protowire.BytesType:
			v.typeName = string(payload)
		case id == tensorContent && kind == protowire.BytesType:
			v.content = payload
		}
		return nil
	})
}

func (v *value) addDim(num uint64) error {
	if len(v.dims) == maxDims {
		return fmt.Errorf("more than %d dimensions", maxDims)
	}
	v.dims = append(v.dims, int64(num))
	return nil
}

func (v *value) addPackedDims(payload []byte) error {
	for len(payload) > 0 {
		num, n := protowire.ConsumeVarint(payload)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := v.addDim(num); err != nil {
			return err
		}
		payload = payload[n:]
	}
	return nil
}
