// Package data brings labelled pictures into host memory, batch by batch.
//
// Three types to know: a Dataset is an indexed collection of labelled pictures (image folders, CIFAR, MNIST, a Subset of one,
// or the generated set of package shapes); a Transform makes a picture fit for the network (package augment has those
// of the recipes); a Loader walks through a Dataset in seeded order and fills batches ahead of the one who asks. ExampleLoader
// shows them together.
//
// A Transform says which part of a picture it needs before the picture is decoded. A Dataset that is a RegionLoader, as Folder is,
// then decodes no more than that: the batches are the same, and training on photographs takes a third less time.
//
// What a batch holds depends on the seed, the epoch and the place in the global order alone: not on the number of
// workers, on what was read before, or, at equal global batch, on the number of ranks.
package data
