package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"mnv2/data"
)

func TestCaptions(t *testing.T) {
	classes := []string{"cat", "dog"}
	b := &data.Batch{Labels: []int32{0, 1}}
	assert.Equal(t, "dog", caption(b, 1, classes))
	b.Partners, b.Lambda = []int32{1, 0}, []float32{0.75, 1}
	assert.Equal(t, "cat 75 %, dog 25 %", caption(b, 0, classes))
	assert.Equal(t, "dog", caption(b, 1, classes))
}
