// Package report keeps the record of a training run in its folder and turns it into a page.
//
// A run writes
//
//	run.json        what was trained on what, with which options; a few pictures as the network saw them
//	metrics.jsonl   a line for each logged step and each epoch, appended
//	findings.json   of the best validation: confusions, accuracy by class, the pictures it got wrong
//
// and [Page] makes report.html of them: one file that needs nothing else, for light and dark, wide and narrow screens.
// [Compare] does the same for several runs. All of it can be made again from the folder at any time.
package report
