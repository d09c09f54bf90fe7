# mnv2 for NVIDIA GPUs, on NVIDIA's image with the CUDA runtime, NVRTC and cuDNN.
#
#   docker build -f build/containers/cuda.Dockerfile -t mnv2:cuda .
#   docker run --rm --gpus all -v "$PWD:/data" mnv2:cuda devices
#
# The driver is the host's: the NVIDIA Container Toolkit puts it into the container.
ARG GO=golang:1.26-bookworm
ARG BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04

FROM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN make cuda VERSION="${VERSION}"

FROM ${BASE}
# "compute" brings libcuda, "utility" NVML and nvidia-smi.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build /src/bin/mnv2 /usr/local/bin/mnv2
# Kernels that were compiled for the card are kept here; mount a volume to keep them from run to run.
ENV XDG_CACHE_HOME=/data/.cache
RUN mkdir /data && chmod 1777 /data
USER 1000:1000
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/mnv2"]
