// Package weights moves a network's parameters between memory and checkpoint files.
//
// [Save] writes a [Snapshot] in any format that can be written and in any naming; [Open] reads a file and finds out what is
// in it: which naming, which width, how many classes, a training state or not. [File.Values] then fits the tensors to a
// network and reports what is missing, unused or of the wrong shape.
package weights
