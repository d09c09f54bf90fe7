package train

import (
	"errors"
	"fmt"
	"sort"

	"mnv2/backend"
	"mnv2/model"
)

// withFittingBatch adds to an error for lack of memory the largest batch size that there is room for. It is found from the plans of
// smaller batches, which take no memory, when the step or the validation did not fit; where the parameters do not, nothing is added.
func (r *run) withFittingBatch(err error) error {
	device, tells := backend.As[backend.Room](r.in.Device)
	if !errors.Is(err, backend.ErrOutOfMemory) || !tells || r.state == nil {
		return err
	}
	room, failed := device.Room()
	for _, t := range r.steps {
		room += t.Memory()
	}
	n := sort.Search(r.Batch, func(i int) bool { // the first batch size, less one, that does not fit
		needs, e := r.needs(i + 1)
		failed = errors.Join(failed, e)
		return e != nil || needs > room
	})
	switch {
	case failed != nil:
		return err
	case n == 0:
		return fmt.Errorf("%w; not even a batch of one image would fit into the %d bytes that are left: use smaller images or a narrower network", err, room)
	}
	return fmt.Errorf("%w; --batch_size %d would fit into the %d bytes that are left for it", err, n, room)
}

// needs is what steps and validation of n images take.
func (r *run) needs(n int) (int64, error) {
	bytes, err := model.TrainingNeeds(r.state, r.stepOptions(n*r.in.Train.Splits()))
	if err != nil || r.in.Val == nil {
		return bytes, err
	}
	more, err := model.InferenceNeeds(r.judged(), r.evalOptions(n))
	return bytes + more, err
}
