// Package netplan runs a whole MobileNetV2 for inference: everything is sized and laid out once, then every run only
// hands addresses to the kernels of [mnv2/cpu/internal/kernels]. Nothing is allocated in a run.
//
//	pool := netplan.NewPool(2)
//	plan, err := netplan.New(net, set, pool)
//	plan.Prepare(params, weights) // folds batch norm and packs, plan.WeightFloats() numbers
//	plan.Run(x, y, weights, scratch)
//
// # How an inverted residual is run
//
// The expanded picture, the largest tensor of a block, is never stored. For a tile of its rows, and for each panel of 8, 16,
// 24 or 32 of its channels, the 1x1 convolution writes the rows into a ring, and the depthwise convolution reads them from
// there at once while they are in the first-level cache; after all panels the projection turns the tile's finished rows
// into output, adding the residual. The ring holds two tiles, so the rows above a tile are still there. The first
// convolution of the network is the "expansion" of the first block; the last one's output is pooled panel by panel.
//
// Small pictures are one tile. Then all panels share one panel's room instead of a ring, and several threads share the
// panels; large pictures are cut into bands of rows for several threads. With as many images as threads or more, each
// thread takes whole images. None of this changes the order in which an output is summed up: results have the same bits
// for every number of threads and images.
package netplan
