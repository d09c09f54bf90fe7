# mnv2 for Huawei's NPUs, on the vendor's image with CANN.
#
#   docker build -f build/containers/ascend.Dockerfile -t mnv2:ascend .
#   docker run --rm -e ASCEND_VISIBLE_DEVICES=0 -v "$PWD:/data" mnv2:ascend devices
#
# The image holds toolkit and operators for one family of chips: take the one for yours. Its tags are VERSION-CHIP-SYSTEM, with the
# chip as 910, 910b, a3, 310p or 950. The driver is the host's: Ascend Docker Runtime puts it into the container; docs/ascend.md
# has the command without it.
ARG GO=golang:1.26-bookworm
ARG BASE=ascendai/cann:8.5.0-910b-ubuntu22.04-py3.11

FROM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN make ascend VERSION="${VERSION}"

FROM ${BASE}
COPY --from=build /src/bin/mnv2 /usr/local/bin/mnv2
COPY --chmod=755 build/containers/ascend-entrypoint.sh /usr/local/bin/mnv2-entrypoint
# The group that owns the devices is HwHiAiUser, whose number differs from host to host: run as that group with --user or
# runAsGroup, or as root, which the vendor's own images do.
# hadolint ignore=DL3002
USER 0
RUN mkdir -p /data && chmod 1777 /data
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/mnv2-entrypoint"]
