// Package anydevice holds the steps of a device check that any device can be put through: what it says of itself, the
// conformance suite, every operation of MobileNetV2 held to the CPU device, training, speed, and where the time goes.
package anydevice
