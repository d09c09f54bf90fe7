# mnv2 for CPUs: one static program on nothing.
#
#   docker build -f build/containers/cpu.Dockerfile -t mnv2:cpu .
#   docker run --rm -v "$PWD:/data" mnv2:cpu predict photo.jpg
ARG GO=golang:1.26-bookworm

FROM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN make build VERSION="${VERSION}" && mkdir /empty

FROM scratch
COPY --from=build /src/bin/mnv2 /usr/local/bin/mnv2
COPY --from=build --chown=1000:1000 /empty /data
COPY --from=build --chown=1000:1000 --chmod=1777 /empty /tmp
USER 1000:1000
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/mnv2"]
