package backend

// Backend is one opened device with one queue that works in order.
//
// It may be used by one goroutine at a time and may move between goroutines. Upload and Plan.Run return as soon as their
// arguments are captured; Download and Sync wait. Using it from two goroutines at once is reported as [ErrConcurrent].
type Backend interface {
	// Info returns what the device is and prefers.
	Info() Info
	// Alloc returns zeroed device memory. The label stands in messages about memory.
	Alloc(bytes int64, label string) (Buffer, error)
	// Upload queues a copy of src to dst at byte off. src may be reused on return.
	Upload(dst Buffer, off int64, src []byte) error
	// Download waits for all queued work, then fills dst from src at byte off.
	Download(dst []byte, src Buffer, off int64) error
	// Compile returns a native plan, or an error that wraps [ErrUnsupported] when the device has none for op.
	// Programs call the free function [Compile] instead, which can compose.
	Compile(op Op) (Plan, error)
	// Sync waits for all queued work and reports its faults.
	Sync() error
	// Close gives the device back. It fails, naming them, if buffers or plans are still live.
	Close() error
}

// Buffer is a piece of device memory. Free gives it back; there are no finalizers.
type Buffer interface {
	Size() int64
	Free() error
}

// Plan is an operation made ready for one device. Run never allocates.
type Plan interface {
	// Op returns the operation this plan was compiled from.
	Op() Op
	// Workspace returns the bytes of scratch needed while a Run is queued. All plans of a device may share one.
	Workspace() int64
	// Saved returns the bytes that must live from the Run of the first plan of a pair to the Run of the second.
	Saved() int64
	// Run queues the operation. It returns once args and s are captured.
	Run(args Args, s Scratch) error
	// Close gives back what the plan holds on the device.
	Close() error
}

// Args is the struct of named tensors that an operation takes: [Conv2DArgs], [BlockArgs], ...
type Args interface {
	// Bind appends the tensors that are set to dst, in the order of the operation's Operands.
	Bind(dst []Tensor) []Tensor
}

// Tensor is a view of device memory: Desc bytes of Buf from byte Off.
type Tensor struct {
	Desc
	Buf Buffer
	Off int64
}

// IsSet reports whether the tensor names memory.
func (t Tensor) IsSet() bool { return t.Buf != nil }

// Scratch is the memory a plan may use besides its operands. Saved is the same for both plans of a pair.
type Scratch struct{ Workspace, Saved Tensor }

// Alignment is the boundary, in bytes, on which every tensor handed to a plan begins.
const Alignment = 64

// Align rounds n up to a multiple of [Alignment].
func Align(n int64) int64 { return (n + Alignment - 1) / Alignment * Alignment }

// Info is what there is to know about a device before asking it for an operation.
type Info struct {
	Device   string            // as --device takes it: "cpu", "cuda:0"
	Model    string            // product name
	Memory   int64             // bytes in all, 0 if unknown
	Layout   Layout            // of activations
	DTypes   []DType           // of activations, the preferred one first
	Threads  int               // host threads that compute, 0 where that means nothing
	Versions map[string]string // of the libraries in use, and where each was found
	State    string            // from Probe, where the driver tells it: health, temperature, power, for a person
}

// Driver is all that a vendor's package exports.
type Driver struct {
	Name string
	// Probe returns the devices there are, or why there are none.
	Probe func() ([]Info, error)
	// Open opens device number index.
	Open func(index int) (Backend, error)
}
