package cli

import "mnv2/internal/options"

// declarations are commands as the program has them, without their Run functions.
func declarations() []Command {
	return []Command{
		{Name: "train", Acts: options.Train, Base: shapesUnlessData,
			Summary: "train or fine-tune a network, or resume a run",
			More:    []string{"Without --config, --data_dir and --dataset it trains on the built-in shapes."},
			Examples: []string{
				"mnv2 train",
				"mnv2 train --config mobilenet_v2_1.0_ascend --data_dir DIR --distribute False",
				"mnv2 train --data_dir DIR --ckpt_path W.pth --opt momentum --lr 0.01",
			}},
		{Name: "validate", Acts: options.Validate, Base: shapesUnlessData,
			Summary: "measure accuracy and loss on a validation set",
			More:    []string{"Without --config, --data_dir and --dataset it uses the built-in shapes."},
			Examples: []string{
				"mnv2 validate",
				"mnv2 validate --config mobilenet_v2_1.0_ascend --data_dir DIR --ckpt_path W.ckpt",
				"mnv2 validate --model mobilenet_v2_100 --data_dir DIR --ckpt_path W.pth",
			}},
		{Name: "predict", Aliases: []string{"infer"}, Acts: options.Predict, Base: shapesUnlessWeights,
			Summary: "classify images", Args: "IMAGE...", MaxArgs: -1,
			Examples: []string{
				"mnv2 predict a.jpg",
				"mnv2 predict --model mobilenet_v2_100 --ckpt_path W.ckpt a.jpg b.png",
				"mnv2 predict --format json --logits a.jpg",
			}},
		{Name: "convert", Acts: options.Convert, MinArgs: 2, MaxArgs: 2, Args: "IN OUT",
			Summary: "write weights in another format",
			More:    []string{"Reads .ckpt, .safetensors, .pth, .pt and .tflite; writes .ckpt, .safetensors and .pth."},
			Examples: []string{
				"mnv2 convert W.pth W.ckpt",
				"mnv2 convert ckpt/mobilenet_v2_100_best.ckpt W.safetensors",
				"mnv2 convert --naming timm W.ckpt W.pth",
			}},
		{Name: "devices", Acts: options.Devices, Summary: "list the devices that work here, and why others do not",
			Examples: []string{"mnv2 devices", "mnv2 devices --format json", "mnv2 devices --device cuda"}},
		{Name: "version", Acts: options.Version, Summary: "print the version and what it was built with",
			Examples: []string{"mnv2 version", "mnv2 version --format json"}},
	}
}

// shapesUnlessData takes the recipe shapes unless the flags name a data set or a folder of their own.
func shapesUnlessData(flags map[string]string) string {
	_, dir := flags["data_dir"]
	dataset, named := flags["dataset"]
	if dir || (named && dataset != "shapes") {
		return ""
	}
	return "shapes"
}

// shapesUnlessWeights takes the recipe shapes unless the flags name weights, a network or a data set.
func shapesUnlessWeights(flags map[string]string) string {
	for _, name := range []string{"ckpt_path", "model"} {
		if _, given := flags[name]; given {
			return ""
		}
	}
	return shapesUnlessData(flags)
}
