// Package train is the training loop and what it is made of: learning-rate schedules, optimizer groups, metrics, the run
// folder. It opens no device, parses no flag and prints nothing: what happens is told to Options.Report as events.
//
// The types to know: [Options] says what to do, [Run] does it, [Evaluate] measures a network on a data set.
package train
