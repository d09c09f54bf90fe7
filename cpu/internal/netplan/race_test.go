//go:build race

package netplan

// raceDetector says that tests run under the race detector, ten times slower.
const raceDetector = true
