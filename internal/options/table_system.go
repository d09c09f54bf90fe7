package options

// systemRows: MindCV's "System parameters", and how the device is driven.
func systemRows() []*Option {
	return []*Option{
		{Name: "config", Arg: "FILE", Short: "c", Group: System, Common: Train | Validate, Acts: Runs,
			Help: "YAML file or built-in recipe (see mnv2 --help)",
			Note: "The last one given counts; files are not stacked. A saved run file may be given back.",
			at:   func(o *Options) any { return &o.Config }},
		{Name: "mode", Group: System, Default: "0", Choices: []string{"0", "1"}, Acts: Runs,
			Help: "MindSpore's graph (0) or eager (1) mode",
			Here: "there is one way of running the network here, compiled once and run many times",
			at:   func(o *Options) any { return &o.Mode }},
		{Name: "distribute", Group: System, Default: "False", Acts: Train,
			Help:  "train data-parallel on all devices that the launcher started",
			Note:  "Started alone, without a launcher, training runs on one device and says so.",
			Later: &Later{What: "training on more than one device is", Try: "start one process and pass --distribute False"},
			at:    func(o *Options) any { return &o.Distribute }},
		{Name: "val_while_train", Group: System, Default: "False", Acts: Train,
			Help: "validate during training, and keep the best checkpoint",
			at:   func(o *Options) any { return &o.ValWhileTrain }},
		{Name: "val_interval", Group: System, Default: "1", Unit: "epochs", Bounds: atLeast(1), Acts: Train,
			Help: "epochs between validations",
			at:   func(o *Options) any { return &o.ValInterval }},
		{Name: "log_interval", Group: System, Default: "100", Unit: "steps", Bounds: atLeast(1), Acts: Train | Validate,
			Help: "steps between log lines",
			at:   func(o *Options) any { return &o.LogInterval }},
		{Name: "seed", Group: System, Default: "42", Bounds: between(0, 1<<32-1), Common: Train, Acts: Train | Validate,
			Help: "seed of weights, data order and augmentation",
			Note: "Same seed, device, library versions and number of devices: same bits.",
			at:   func(o *Options) any { return &o.Seed }},
		{Name: "device_target", Group: System, Default: "None", Choices: []string{"Ascend", "GPU", "CPU"}, None: true, Acts: Runs,
			Help: "MindCV's way to choose a device: Ascend, GPU or CPU",
			Note: "Maps to --device ascend, cuda or cpu, which wins if both are given. MindCV's default is Ascend and only its validation reads it; here it is honoured everywhere and without it the best device is taken.",
			at:   func(o *Options) any { return &o.DeviceTarget }},
		{Name: "threads", Group: System, Default: "0", Unit: "threads", Bounds: between(0, 4096), Ours: true, Common: Runs | Bench, Acts: Runs | Bench,
			Help: "CPU threads that compute; 0 means all cores",
			Note: "Does not change results.",
			at:   func(o *Options) any { return &o.Threads }},
		{Name: "fuse", Group: System, Default: "auto", Choices: []string{"auto", "off", "require"}, Ours: true, Acts: Runs | Bench,
			Help: "fused operations: where the device has them, never, or fail where it has none",
			at:   func(o *Options) any { return &o.Fuse }},
		{Name: "debug_device", Group: System, Default: "False", Ours: true, Acts: Runs,
			Help: "check every operation and buffer as it is used; slow",
			at:   func(o *Options) any { return &o.DebugDevice }},
		{Name: "deterministic", Group: System, Default: "True", Ours: true, Acts: Runs,
			Help: "same seed, same bits; False permits faster sums in a varying order where a device has them",
			at:   func(o *Options) any { return &o.Deterministic }},
	}
}

// globalRows: options of every command, before or after its name.
func globalRows() []*Option {
	return []*Option{
		{Name: "device", Group: Global, Default: "auto", Ours: true, Common: Runs | Bench | Devices, Acts: Runs | Bench | Devices, Flag: true,
			Help: "auto, cpu, cuda[:N] or ascend[:N]",
			Note: "auto takes the best that works and says why the others were passed over. A device named here never falls back.",
			at:   func(o *Options) any { return &o.Device }},
		{Name: "format", Group: Global, Default: "text", Choices: []string{"text", "json"}, Ours: true, Common: All, Acts: All, Flag: true,
			Help: "text, or json: one object per line",
			at:   func(o *Options) any { return &o.Format }},
		{Name: "quiet", Short: "q", Group: Global, Default: "False", Ours: true, Acts: All, Flag: true,
			Help: "print results, warnings and errors only",
			at:   func(o *Options) any { return &o.Quiet }},
		{Name: "verbose", Short: "v", Group: Global, Default: "False", Ours: true, Acts: All, Flag: true,
			Help: "print what is decided on the way, too",
			at:   func(o *Options) any { return &o.Verbose }},
	}
}

// outputRows: what predict and convert read and write.
func outputRows() []*Option {
	return []*Option{
		{Name: "image_path", Arg: "FILE", Group: Output, Ours: true, Acts: Predict, Flag: true,
			Help: "image to classify, as MindCV's infer.py spells it; the same as an argument",
			at:   func(o *Options) any { return &o.ImagePath }},
		{Name: "topk", Group: Output, Default: "5", Unit: "classes", Bounds: atLeast(1), Ours: true, Common: Predict, Acts: Predict, Flag: true,
			Help: "how many classes to print for each image",
			at:   func(o *Options) any { return &o.TopK }},
		{Name: "logits", Group: Output, Default: "False", Ours: true, Common: Predict, Acts: Predict, Flag: true,
			Help: "also print the raw network output",
			at:   func(o *Options) any { return &o.Logits }},
		{Name: "naming", Group: Output, Default: "auto", Choices: []string{"auto", "mindcv", "torchvision", "timm"}, Ours: true, Common: Convert, Acts: Convert, Flag: true,
			Help: "tensor names: auto, mindcv, torchvision or timm",
			Note: "auto follows the format: mindcv in .ckpt, torchvision in .pth, else as read.",
			at:   func(o *Options) any { return &o.Naming }},
		{Name: "cases", Arg: "LIST", Group: Output, Default: "all", Ours: true, Common: Bench, Acts: Bench, Flag: true,
			Help: "latency, throughput, train224, train96, train32, input",
			at:   func(o *Options) any { return &o.Cases }},
		{Name: "seconds", Group: Output, Default: "2.0", Unit: "seconds", Bounds: between(0.001, 3600), Ours: true, Common: Bench, Acts: Bench, Flag: true,
			Help: "how long each case is measured, at least three times",
			at:   func(o *Options) any { return &o.Seconds }},
		{Name: "ops", Group: Output, Default: "False", Ours: true, Common: Bench, Acts: Bench, Flag: true,
			Help: "also measure every operation of the network",
			at:   func(o *Options) any { return &o.Ops }},
		{Name: "chart", Arg: "FILE", Group: Output, Ours: true, Common: Bench, Acts: Bench, Flag: true,
			Help: "draw the results as a PNG",
			at:   func(o *Options) any { return &o.Chart }},
		{Name: "out", Arg: "FILE", Group: Output, Default: "compare.html", Ours: true, Common: Report, Acts: Report, Flag: true,
			Help: "page to write when several runs are compared",
			at:   func(o *Options) any { return &o.Out }},
		{Name: "force", Group: Output, Default: "False", Ours: true, Common: Train | Convert, Acts: Train | Convert, Flag: true,
			Help: "overwrite what is already there",
			at:   func(o *Options) any { return &o.Force }},
	}
}

// cloudRows: options of MindCV 0.1.1 to 0.2 for Huawei's ModelArts and OpenI.
func cloudRows() []*Option {
	const here = "nothing is copied from or to a cloud"
	return []*Option{
		{Name: "enable_modelarts", Group: Cloud, Default: "False", Here: here, Help: "run on ModelArts (MindCV 0.1.1 to 0.2)",
			at: func(o *Options) any { return &o.EnableModelArts }},
		{Name: "data_url", Arg: "URL", Group: Cloud, Default: "/cache/data/", Here: here, Help: "data set on ModelArts",
			at: func(o *Options) any { return &o.DataURL }},
		{Name: "multi_data_url", Arg: "URL", Group: Cloud, Default: "/cache/data/", Here: here, Help: "data sets on ModelArts",
			at: func(o *Options) any { return &o.MultiDataURL }},
		{Name: "ckpt_url", Arg: "URL", Group: Cloud, Default: "/cache/output/", Here: here, Help: "weights on ModelArts",
			at: func(o *Options) any { return &o.CkptURL }},
		{Name: "train_url", Arg: "URL", Group: Cloud, Default: "/cache/output/", Here: here, Help: "output folder on ModelArts",
			at: func(o *Options) any { return &o.TrainURL }},
	}
}
