// Package profile tells where the time of a step goes: it stands between the network and a device, times every operation by the
// device's own clock, and makes a table of it. The operations run one by one, so the sum is what the device computes; how much
// a whole step overlaps or waits shows beside it, in the time of the same steps without a profile.
package profile
