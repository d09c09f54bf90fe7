package ascend

// Options are what a program can choose about the device. The zero value is right for most.
type Options struct {
	Debug     bool // wait after each operator, so that a fault is reported by the one that made it
	Fast      bool // allow operators whose sums have a varying order
	AllowDown bool // let matrix units round float32: to HF32 on A2 and newer, to float16 on 910A and 310P
	Replan    bool // plan every call anew instead of keeping the vendor's plans
}
