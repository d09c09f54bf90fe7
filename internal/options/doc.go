// Package options is the one place where an option of mnv2 is defined.
//
// Every option is a row of one table ([Table]): its name, which is also its YAML key and MindCV's spelling, its
// default, the values it takes, one line of help, and what this version does with it. From the table come the
// flags and their help, the check of YAML files, docs/options.md, the saved copy of a run's options, and the list
// of values that are understood but not built yet.
//
//	o, notices, err := options.Load(options.Request{
//		Command: options.Train,
//		Config:  "mobilenet_v2_1.0_ascend", // a file, or the name of a built-in recipe
//		Flags:   map[string]string{"data_dir": "/data/imagenet", "distribute": "False"},
//	})
//	errs := options.Unsupported(&o, options.Situation{Command: options.Train, Ranks: 1})
//
// The types to know are [Options] (effective values, typed), [Option] (a row) and [UsageError] (exit status 2).
// Values come in three layers, later ones win: the table's default, the YAML file or recipe, the command line.
package options
