package train

// accumulate is how many batches make an update.
func (r *run) accumulate() int { return max(1, r.Accumulate) }

// place is which of the batches of an update comes next, from 0. They are counted over the whole run: an update may have batches of two epochs, as in MindCV.
func (r *run) place() int { return r.at.GlobalStep % r.accumulate() }

// rate is the learning rate of the update that the next batch belongs to: that of its first batch, so that the schedule goes by updates. MindCV takes
// the rate of the last batch.
func (r *run) rate() float64 { return r.rates[r.at.GlobalStep-r.place()] }
