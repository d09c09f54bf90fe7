module mnv2/cpu/internal/kernels/gen

go 1.26.0

require (
	github.com/mmcloughlin/avo v0.5.0
	mnv2 v0.0.0
)

replace mnv2 => ../../../..
