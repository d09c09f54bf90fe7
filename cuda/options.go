package cuda

// Options are what a program can choose about the device. The zero value is right for most.
type Options struct {
	TF32 bool         // let tensor cores round the operands of float32 products to TF32
	Warn func(string) // told what the user should know and nothing fails of; may be nil
}
