//go:build arm64 && !purego

package kernels

// nativeTrain returns the plain Go loops: those of NEON's convolutions take their place.
func nativeTrain(set string) *Train {
	if set != neon().Name {
		return nil
	}
	return genericTrain()
}
