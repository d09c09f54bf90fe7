// Package ascend runs the operations on Huawei NPUs through CANN's C interfaces.
//
// An operation becomes a [program]: a short list of calls of aclnn operators on operands, scratch and constants. Compile makes
// the vendor's first phase of every call, which checks the arguments and tells the workspace; Run queues the second phases,
// all in one crossing to C. Plans that the vendor lets be repeated are kept and only told new addresses.
//
// Activations are NCHW. Convolution, batch norm and activation of one layer are one native [backend.ConvBNAct], because batch
// norm's saved statistics mean different things on different chips and must go from the forward call to the backward call
// unseen. Inference folds batch norm into the filter when parameters are prepared. Everything above is composed by the gate.
//
// docs/ascend.md says what each operation is made of, and what was run on which chip.
package ascend
