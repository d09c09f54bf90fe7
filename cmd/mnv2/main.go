// Command mnv2 trains, validates and runs MobileNetV2 on CPUs, NVIDIA GPUs and Ascend NPUs.
//
// One file per command; each turns options into calls of the packages below and results into text or JSON.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"mnv2/backend"
	"mnv2/checkpoint"
	"mnv2/data"
	"mnv2/data/decode"
	"mnv2/internal/cli"
	"mnv2/internal/options"
)

// version is set by the linker.
var version = "unknown"

func main() {
	ctx := untilInterrupted()
	if len(os.Args) > 1 && os.Args[1] == checkStep {
		os.Exit(runCheckStep(ctx, os.Args[2:]))
	}
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, app()))
}

// untilInterrupted returns a context that ends with the first interrupt or termination signal. A second one ends the
// program at once.
func untilInterrupted() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Fprintln(os.Stderr, "\nmnv2: stopping as soon as it is safe; interrupt again to stop at once")
		cancel()
		<-signals
		os.Exit(cli.Interrupted)
	}()
	return ctx
}

func app() cli.App {
	return cli.App{
		Version: version,
		Getenv:  os.Getenv,
		Sentinels: []cli.Sentinel{
			{Err: backend.ErrUnavailable, Code: cli.NoDevice},
			{Err: backend.ErrDeviceLost, Code: cli.NoDevice},
			{Err: checkpoint.ErrFormat, Code: cli.BadData},
			{Err: decode.ErrImage, Code: cli.BadData},
			{Err: data.ErrClasses, Code: cli.BadData},
		},
		Commands: []cli.Command{
			{
				Name: "train", Summary: "train a network, from scratch or from a checkpoint", Acts: options.Train,
				Examples: []string{
					"mnv2 train",
					"mnv2 train --config mobilenet_v2_1.0_ascend --data_dir /data/imagenet",
					"mnv2 train --data_dir photos --ckpt_path weights.pth --num_classes 5 --opt momentum --lr 0.005",
					"mnv2 train --config mobilenet_v2_1.0_ascend --data_dir /data/imagenet --dry_run",
				},
				More: []string{"Without --config, --data_dir and --dataset it trains a small network on generated shapes."},
				Base: builtInRecipe, Run: trainCommand,
			},
			{
				Name: "validate", Summary: "measure the accuracy of a checkpoint on a data set", Acts: options.Validate,
				Examples: []string{
					"mnv2 validate",
					"mnv2 validate --ckpt_path ckpt/mobilenet_v2_100_best.ckpt --data_dir /data/imagenet",
					"mnv2 validate --ckpt_path w.pth --data_dir imagenet --mean 127.5,127.5,127.5 --std 127.5,127.5,127.5",
				},
				More: []string{"Without --ckpt_path it takes the best checkpoint in --ckpt_save_dir."},
				Base: builtInRecipe, Run: validateCommand,
			},
			{
				Name: "predict", Aliases: []string{"infer"}, Summary: "classify pictures", Acts: options.Predict,
				Args: "IMAGE...", MinArgs: 0, MaxArgs: -1,
				Examples: []string{
					"mnv2 predict photo.jpg",
					"mnv2 predict --ckpt_path mobilenet_v2_100.pth --topk 3 photos/*.jpg",
					"mnv2 predict --format json --logits photo.jpg",
				},
				More: []string{"Without --ckpt_path it takes the best checkpoint in --ckpt_save_dir."},
				Base: builtInRecipe, Run: predictCommand,
			},
			{
				Name: "convert", Summary: "turn a checkpoint into another format or naming", Acts: options.Convert,
				Args: "FROM TO", MinArgs: 2, MaxArgs: 2,
				Examples: []string{
					"mnv2 convert mobilenet_v2_100.ckpt mobilenet_v2_100.pth",
					"mnv2 convert model.pth model.safetensors --naming timm",
					"mnv2 convert model.tflite model.ckpt",
				},
				More: []string{"The format of TO follows its ending: .ckpt, .safetensors, .pth or .pt."},
				Run:  convertCommand,
			},
			{
				Name: "bench", Summary: "measure how fast this machine is", Acts: options.Bench,
				Examples: []string{
					"mnv2 bench",
					"mnv2 bench --cases latency,throughput --threads 1 --seconds 5",
					"mnv2 bench --ops --format json",
					"mnv2 bench --data_dir /data/imagenet --cases input --chart speed.png",
				},
				More: []string{"Without --ckpt_path the weights are random; without --data_dir the pictures are generated."},
				Run:  benchCommand,
			},
			{
				Name: "report", Summary: "draw the page of a training run, or compare several", Acts: options.Report,
				Args: "RUN...", MinArgs: 1, MaxArgs: -1,
				Examples: []string{"mnv2 report ckpt", "mnv2 report runs/a runs/b --out compare.html"},
				More:     []string{"RUN is the folder of a run (--ckpt_save_dir). One run's page is report.html in its folder."},
				Run:      reportCommand,
			},
			{
				Name: "data", Summary: "look through a folder of pictures before training", Acts: options.Data,
				Args: "check DIR", MinArgs: 2, MaxArgs: 2,
				Examples: []string{"mnv2 data check /data/photos"},
				More: []string{"Finds pictures that cannot be decoded, that are in two classes or two splits, that are there twice, and files whose",
					"ending is not what they are. Exits 4 if there is any."},
				Run: dataCommand,
			},
			{
				Name: "devices", Summary: "list the devices there are, and why others are not", Acts: options.Devices,
				Examples: []string{"mnv2 devices", "mnv2 devices --format json", "mnv2 devices --check ascend", "mnv2 devices --check cuda:1 --quick"},
				More: []string{"--check tries out everything that a device does, each step in a process of its own, and ends with the name of an",
					"archive to send to others. It exits 1 if something is wrong, 3 if there is no such device."},
				Run: devicesCommand,
			},
			{
				Name: "version", Summary: "print the version", Acts: options.Version,
				Examples: []string{"mnv2 version"},
				Run:      versionCommand,
			},
		},
	}
}

// builtInRecipe names the recipe that stands in when nothing says what to work on.
func builtInRecipe(flags map[string]string) string {
	_, hasFolder := flags["data_dir"]
	set, hasSet := flags["dataset"]
	if hasFolder || hasSet && set != "shapes" {
		return ""
	}
	return "shapes"
}
