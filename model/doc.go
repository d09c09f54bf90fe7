// Package model is MobileNetV2 as a list of blocks, its parameters, and the order in which operations are issued.
//
// An [Arch] is the network on paper: widths, blocks, parameter names and shapes. [Parameters] are its values in the memory
// of one device. [Inference] and [Training] are the network made ready to run there for one batch and image size:
//
//	arch, err := model.New(model.Config{Width: 1, Classes: 1000, InChannels: 3, DropRate: 0.2})
//	params, err := model.NewParameters(device, arch, nil)
//	err = params.Store(arch.Init(42))
//	net, err := model.NewInference(device, params, model.InferenceOptions{Batch: 1, Size: 224, ...})
//	err = net.Logits(logits, images, 1)
//
// The package names no vendor, reads no file and knows no flag: it issues blocks to a backend.Backend, which decides how
// much of them runs as one operation.
//
// Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, in the form MindCV gives it.
package model
