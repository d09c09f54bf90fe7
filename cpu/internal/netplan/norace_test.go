//go:build !race

package netplan

const raceDetector = false
