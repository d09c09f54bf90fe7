module mnv2/cpu/internal/kernels/gen

go 1.26.0

require (
	github.com/mmcloughlin/avo v0.5.0
	mnv2 v0.0.0
)

require (
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace mnv2 => ../../../..
