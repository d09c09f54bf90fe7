package backend

// Gauge is a number that tells how a device is at the moment: "power" 312.5 "W".
type Gauge struct {
	Name, Unit string
	Value      float64
}

// Monitor is what a Backend implements whose driver tells how busy and how warm the device is. Gauges may be called at any time, by any
// goroutine; it returns those that are known.
type Monitor interface {
	Gauges() []Gauge
}
