package tflite

// Field numbers of the TensorFlow Lite schema, version 3 (tensorflow/lite/schema/schema.fbs). A field's number is its
// place in the table; for a union it is the place of the value, the type being one before.
const (
	modelVersion   = 0
	modelCodes     = 1
	modelSubgraphs = 2
	modelBuffers   = 4

	codeOld = 0 // int8, up to 126
	codeNew = 3 // int32; the larger of the two counts

	graphTensors   = 0
	graphInputs    = 1
	graphOperators = 3

	tensorShape  = 0
	tensorType   = 1
	tensorBuffer = 2
	tensorQuant  = 4

	quantScale     = 2
	quantZero      = 3
	quantDimension = 6

	operatorCode    = 0
	operatorInputs  = 1
	operatorOptions = 4

	bufferData = 0

	convPadding     = 0 // both kinds of convolution: 0 SAME, 1 VALID
	convStrideW     = 1
	convStrideH     = 2
	convActivation  = 3
	convDilationW   = 4 // 5 is the height's
	depthMultiplier = 3
	depthActivation = 4
	depthDilationW  = 5 // 6 is the height's
	denseActivation = 0
)

const schemaVersion = 3

// Operator codes.
const (
	opConv      = 3
	opDepthwise = 4
	opDense     = 9
)

// Element types.
const (
	typeF32 = 0
	typeF16 = 1
	typeI32 = 2
	typeU8  = 3
	typeI64 = 4
	typeI8  = 9
)

var activations = map[int8]string{0: "none", 1: "relu", 2: "relu-1..1", 3: "relu6"}
