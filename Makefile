# Builds bin/mnv2 and runs the checks. Needs Go; gcc for the devices and the race detector, g++ for the CUDA kernels' tests.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: test-ascend-arm64 acl-fake-sanitize ascend cuda check-headers-acl check-headers-nv all build test test-devices race test-arm64 docs lint fuzz cross bench-peers clean help

build: ## bin/mnv2 for the CPU, static
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/mnv2 ./cmd/mnv2

cuda: ## bin/mnv2 with NVIDIA GPUs; needs gcc, finds the driver, NVRTC and cuDNN when it runs
	CGO_ENABLED=1 $(GO) build -trimpath -tags cuda -ldflags '$(LDFLAGS)' -o bin/mnv2 ./cmd/mnv2

ascend: ## bin/mnv2 with Huawei NPUs; needs gcc, finds CANN when it runs
	CGO_ENABLED=1 $(GO) build -trimpath -tags ascend -ldflags '$(LDFLAGS)' -o bin/mnv2 ./cmd/mnv2

.PHONY: ascend-report cuda-report check-deploy
ascend-report: ascend ## tries out NPU 0 (DEVICE=ascend:1 for another, QUICK=1 in minutes) and writes an archive to send
	./bin/mnv2 devices --check $(or $(DEVICE),ascend) $(if $(QUICK),--quick)

cuda-report: cuda ## the same for an NVIDIA GPU
	./bin/mnv2 devices --check $(or $(DEVICE),cuda) $(if $(QUICK),--quick)

.PHONY: gpu-check-bundle
gpu-check-bundle: ## bin/gpu-check.tar.gz: everything to try on a machine with an NVIDIA GPU that has no Go (docs/gpu.md)
	mkdir -p bin/gpu-check
	CGO_ENABLED=1 $(GO) build -trimpath -tags cuda -ldflags '$(LDFLAGS)' -o bin/gpu-check/mnv2 ./cmd/mnv2
	CGO_ENABLED=1 $(GO) test -c -trimpath -tags cuda -o bin/gpu-check/cuda.test ./cuda
	cp build/gpu-check.sh build/gpu-check/torch_bench.py build/gpu-check/ratios.py build/bench-peers/network.py bin/gpu-check/
	tar czf bin/gpu-check.tar.gz -C bin gpu-check

check-deploy: ## container files and manifests, with the linters that are installed
	./build/check-deploy.sh

check-headers-nv: ## compares csrc/nv/nv.h with NVIDIA's headers, fetched with pip or in CUDA_INCLUDE
	./build/check-headers/nv/run.sh

.PHONY: check-kernels cuda-sanitize cuda-faults
cuda-faults: ## every single call of start-up, a training step and shut-down on the CUDA stand-in fails in turn; minutes; needs g++
	MNV2_REQUIRE=faults CGO_ENABLED=1 $(GO) test -count=1 -timeout 60m -v -run TestEveryCallMayFail ./cuda

cuda-sanitize: ## the CUDA kernels on the host with every access checked, and under sanitizers; needs g++
	MNV2_REQUIRE=sanitizers $(GO) test -count=1 -run TestSanitized ./csrc/kernels

check-kernels: ## compiles the CUDA kernels with NVIDIA's NVRTC, fetched with pip or in MNV2_CUDA_LIBS; UPDATE=1 writes docs/cuda-resources.md
	./build/check-kernels/run.sh

.PHONY: test-ascend test-cuda
test-cuda: ## the CUDA device on stand-in libraries; needs gcc and g++
	CGO_ENABLED=1 $(GO) test ./csrc/nv ./csrc/kernels ./csrc/fake/cudahost ./csrc/fake/nv ./cuda

test-ascend: ## the Ascend device on stand-in libraries; needs gcc
	CGO_ENABLED=1 $(GO) test ./csrc/acl ./csrc/fake/acl ./ascend

check-headers-acl: ## compares csrc/acl/acl.h with the vendor's headers, fetched with pip or in CANN_INCLUDE
	./build/check-headers/acl/run.sh

all: ## bin/mnv2 with every device; needs gcc
	CGO_ENABLED=1 $(GO) build -trimpath -tags cuda,ascend -ldflags '$(LDFLAGS)' -o bin/mnv2 ./cmd/mnv2

test: ## all tests; those of the devices run on stand-ins and need gcc
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) test ./...
	@if command -v gcc >/dev/null; then $(MAKE) --no-print-directory test-devices; else echo "no gcc: the devices' tests are left out"; fi

test-devices: ## the tests of the bindings and of the devices, on stand-ins
	CGO_ENABLED=1 $(GO) test -timeout 30m ./csrc/... ./cuda/... ./ascend/... ./internal/devicecheck/ascend
	CGO_ENABLED=1 $(GO) test -tags cuda,ascend ./internal/devices ./cmd/mnv2

race: ## all tests but the longest (-short) under the race detector
	CGO_ENABLED=1 $(GO) test -race -short -timeout 30m ./...

lint: ## formatting, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt: the files above differ"; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

acl-fake-sanitize: ## the rules of the CANN stand-in under the address and undefined-behaviour sanitizers
	$(GO) test -count=1 -run TestRules/sanitized ./csrc/fake/acl

docs: ## docs/cli.md and docs/options.md from the tables in the code
	MNV2_WRITE_DOCS=1 $(GO) test -run Document ./cmd/mnv2
	$(GO) test ./internal/options -update

fuzz: ## every fuzz target, FUZZTIME each (20000x inputs, or a time: 10s)
	./build/fuzz.sh $(or $(FUZZTIME),20000x)

test-arm64: ## all tests for arm64, under qemu-user
	CGO_ENABLED=0 GOARCH=arm64 QEMU_LD_PREFIX=/usr/aarch64-linux-gnu MNV2_EXEC=qemu-aarch64 $(GO) test -timeout 40m -exec qemu-aarch64 ./...

test-ascend-arm64: ## the Ascend device on arm64 stand-ins, under qemu-user; needs gcc-aarch64-linux-gnu
	CGO_ENABLED=1 GOARCH=arm64 CC=aarch64-linux-gnu-gcc QEMU_LD_PREFIX=/usr/aarch64-linux-gnu MNV2_EXEC=qemu-aarch64 \
	  $(GO) test -exec qemu-aarch64 -timeout 20m -run 'TestDevice|Chip|Layout|Install|Version|Find|Ops|Errors' ./csrc/acl ./ascend

cross: ## builds for the other systems and architectures
	for t in linux/arm64 darwin/arm64 windows/amd64; do \
	  echo $$t; CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./... || exit 1; done

bench-peers: build ## compares with other programs, writes docs/benchmarks.md; PEERS_ARGS go to the script
	./build/bench-peers/run.sh $(PEERS_ARGS)

clean: ## removes what was built
	rm -rf bin

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14
