// Package devicecheck finds out what a device really does, on the machine of somebody who has one.
//
// A check is a list of steps, and a step tries cases, one after the other:
//
//	devicecheck.Step{Name: "copies", Limit: time.Minute, Run: func(ctx context.Context, r *devicecheck.Recorder) error {
//		device, err := open()
//		if err != nil {
//			return err
//		}
//		r.Try("round trip", func(c *devicecheck.Case) error { ... c.Set("GB/s", rate) ... })
//		return device.Close()
//	}}
//
// Nothing may end a check before its time. So every step runs in a process of its own: the program calls itself, and the child
// tells on its standard output which case begins and how it ended. A child that dies or hangs costs the case it was in; the
// next child goes on after it. What was found is a [Report], a page of text for people, and one archive to send to others.
package devicecheck
