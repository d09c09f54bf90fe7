// Package backend says what a device is, which operations there are, and how a fused one is built from simple ones.
//
// A device is a [Backend]: it hands out memory, moves bytes, and turns an operation into a [Plan]. An operation is a
// value ([Conv2D], [BatchNorm], [InvertedResidual], [Chain], ...): it can be compared, printed, enumerated and used as
// a key. Deciding happens once, in Compile; running happens many times and allocates nothing:
//
//	plan, err := backend.Compile(b, op)
//	err = plan.Run(&backend.Conv2DArgs{X: x, W: w, Y: y}, scratch)
//
// [Compile] and [CompilePair] are the gate. They ask the device for a native plan; where it has none and the operation
// can be composed, they build it from smaller ones, each of which goes through the same gate. So a device climbs one
// rung at a time: primitives, [ConvBNAct], [InvertedResidual], and a whole run of blocks or the network as one [Chain].
// The model never knows which rung it got.
//
// # Letters
//
// The same letter means the same size in the whole program:
//
//	N      images in the batch
//	H W    height and width of the input
//	P Q    height and width of the output
//	C      input channels
//	K      output channels
//	R S    height and width of the filter
//	E      channels of the expanded tensor inside an inverted residual
//
// A name that begins with d is the gradient of what follows: dx is the gradient of x.
//
// # Memory
//
// The caller owns all of it. A plan says how much scratch it wants while it runs (Workspace) and how much must live from
// the first pass of a pair to the second (Saved). Gradients are assigned (=), never added to what was there.
package backend
