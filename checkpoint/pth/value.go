package pth

// The values on the stack of the machine are Go's nil (Python's None), bool, int64, float64, string, and these.
type (
	// tuple is a Python tuple; nothing can change it once it is made.
	tuple []any

	// list is a Python list.
	list struct{ items []any }

	// dict is a Python dict or OrderedDict with its attributes.
	dict struct {
		keys, values []any
		index        map[any]int // position of a key
		attrs        *dict
	}

	// global is an allowed name such as torch._utils._rebuild_tensor_v2.
	global struct{ module, name string }

	// opaque is a value that is carried but has no meaning here: byte strings and integers beyond 64 bits.
	opaque struct{ bytes []byte }

	// storageRef names a run of elements in the file. base and numel count elements.
	storageRef struct {
		key         string
		kind        storageKind
		base, numel int64
	}

	// tensorRef is a tensor before its storage is looked up. offset and stride count elements.
	tensorRef struct {
		storage      storageRef
		offset       int64
		size, stride []int64
	}
)

// set is Python's d[key] = value. It reports whether the key is of a kind that checkpoints use.
func (d *dict) set(key, value any) bool {
	switch key.(type) {
	case string, int64, bool, float64, nil:
	default:
		return false
	}
	if i, ok := d.index[key]; ok {
		d.values[i] = value
		return true
	}
	if d.index == nil {
		d.index = map[any]int{}
	}
	d.index[key] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
	return true
}

// get returns the value of a key, nil if there is none.
func (d *dict) get(key any) any {
	if d == nil {
		return nil
	}
	if i, ok := d.index[key]; ok {
		return d.values[i]
	}
	return nil
}
