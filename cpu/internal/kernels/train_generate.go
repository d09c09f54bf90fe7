package kernels

//go:generate go -C gen run -tags purego . -train -out ../train_avx2_amd64.s -stubs ../train_avx2_amd64.go -pkg kernels
//go:generate go -C gen run -tags purego . -train -avx512 -out ../train_avx512_amd64.s -stubs ../train_avx512_amd64.go -pkg kernels
