// Package acl is the thin binding to Huawei's CANN: it finds and loads the libraries when the program runs, and has one
// function for each act on a device. It holds no policy; package ascend does.
//
// The libraries are loaded, never linked, so the program starts on machines without them. Without cgo the package can find
// libraries but not load them.
//
//	lib, err := acl.Load(acl.Options{})
//	dev, err := lib.Open(0, acl.DeviceOptions{InfNaN: true})
//	batch, err := dev.NewBatch(specs)                    // first phase of every operator
//	err = batch.Run(addresses, workspace)                // second phase
//
// Every act binds the device's context to the thread first and fetches the vendor's error text last, in one crossing, because
// the vendor keeps both per thread while Go moves goroutines between threads.
package acl
