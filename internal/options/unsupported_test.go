package options

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// good are flags with which nothing is refused.
func good(extra map[string]string) map[string]string {
	flags := map[string]string{"opt": "momentum", "data_dir": "d"}
	for k, v := range extra {
		flags[k] = v
	}
	return flags
}

func TestWhatIsNotBuiltIsRefused(t *testing.T) {
	for _, c := range []struct{ option, value, want string }{
		{"opt", "adan", "--opt adan: MindCV's Adan is not built yet; adamw comes nearest; sgd, momentum, adam, lion, rmsprop, adagrad, lamb and nadam are there, too"},
		{"interpolation", "antialias", "--interpolation antialias: this interpolation is not built yet; MindCV fails on it as well; use bilinear, or --resize_filter pil"},
		{"pretrained", "True", "--pretrained True: downloading weights is not built yet; name the file: --pretrained FILE"},
		{"amp_cast_list", "[nn.Conv2d]", "--amp_cast_list [nn.Conv2d]: choosing the layers to cast is not built yet; use amp_level alone"},
	} {
		t.Run(c.option+" "+c.value, func(t *testing.T) {
			flags := good(map[string]string{c.option: c.value})
			o, _ := loadFlags(t, flags)
			errs := Unsupported(&o, Situation{Command: Train})
			require.Len(t, errs, 1)
			assert.EqualError(t, errs[0], c.want)
			var usage *UsageError
			require.ErrorAs(t, Refuse(&o, Situation{Command: Train}), &usage)
			assert.Equal(t, 2, usage.ExitCode())
		})
	}
}

func TestWhatIsBuiltIsAccepted(t *testing.T) {
	for option, values := range map[string][]string{
		"opt": {"momentum", "sgd", "nesterov", "adam", "adamw", "lion", "rmsprop", "adagrad", "lamb", "nadam"}, "scheduler": {"step_decay", "polynomial_decay", "one_cycle", "constant", "cosine_decay", "warmup_cosine_decay"}, "use_nesterov": {"True"},
		"num_cycles": {"3"}, "cycle_decay": {"0.5"}, "lr_epoch_stair": {"True"}, "warmup_factor": {"0.1"}, "label_smoothing": {"0.1"},
		"reduction": {"sum"}, "amp_level": {"O0", "O1", "O2", "O3", "auto"}, "loss_scale": {"1024"}, "color_jitter": {"None", "0.1,0.2,0.3,0.4"},
		"interpolation": {"linear", "nearest", "bicubic", "cubic", "area", "pilcubic"}, "auto_augment": {"None", "randaug-m7"}, "re_prob": {"0.1"}, "aug_repeats": {"3"}, "drop_path_rate": {"None", "0", "0.2"}, "re_scale": {"0.1,0.2"}, "ema_decay": {"0.5"},
		"clip_value": {"1"}, "layer_decay": {"0.9"}, "head_lr": {"0.1"}, "freeze": {"features"}, "lr_base_batch": {"2048"}, "loss": {"BCE", "asl_single_label", "asl_multi_label"}, "mixup": {"0.2"}, "cutmix": {"1"}, "ema": {"True"}, "clip_grad": {"True"}, "gradient_accumulation_steps": {"2"}, "loss_scale_type": {"dynamic", "auto"}, "distribute": {"True"}, "weight_decay_filter": {"auto", "norm_and_bias", "disable"}, "num_samples": {"10"},
		"ckpt_save_policy": {"None", "latest_k"}, "mode": {"1"}, "dataset_sink_mode": {"False"}, "decay_rate": {"0.5"},
	} {
		for _, value := range values {
			o, _ := loadFlags(t, good(map[string]string{option: value}))
			assert.NoError(t, Refuse(&o, Situation{Command: Train, Ranks: 1}), "%s %s", option, value)
		}
	}
	o, _ := loadFlags(t, good(map[string]string{"pretrained": "True", "ckpt_path": "w.ckpt"}))
	assert.NoError(t, Refuse(&o, Situation{Command: Train}))
}

func TestRefusalSaysWhereTheValueComesFrom(t *testing.T) {
	path := writeFile(t, "r.yaml", "opt: adan\namp_cast_list: x\n")
	o, _, err := Load(Request{Command: Train, Config: path})
	require.NoError(t, err)
	assert.EqualError(t, Refuse(&o, Situation{Command: Train}),
		"--opt adan (configuration file): MindCV's Adan is not built yet; adamw comes nearest; sgd, momentum, adam, lion, rmsprop, adagrad, lamb and nadam are there, too; "+
			"--amp_cast_list x (configuration file): choosing the layers to cast is not built yet; use amp_level alone")
}

func TestOtherCommandsDoNotMindTheOptimizer(t *testing.T) {
	o, _ := loadFlags(t, map[string]string{"amp_cast_list": "x"})
	assert.NoError(t, Refuse(&o, Situation{Command: Validate}))
	assert.NoError(t, Refuse(&o, Situation{Command: Predict}))
}

func TestSeveralProcessesAreRefused(t *testing.T) {
	const want = "--distribute, 4 processes: training on more than one device is not built yet; start one process and pass --distribute False"
	for _, value := range []string{"", "True"} {
		flags := good(nil)
		if value != "" {
			flags["distribute"] = value
		}
		o, _ := loadFlags(t, flags)
		require.EqualError(t, Refuse(&o, Situation{Command: Train, Ranks: 4}), want)
	}
	o, _ := loadFlags(t, good(map[string]string{"distribute": "False"}))
	assert.NoError(t, Refuse(&o, Situation{Command: Train, Ranks: 4}), "independent runs are asked for by name")
}

func TestLauncher(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want int
		from string
	}{
		{nil, 1, ""},
		{map[string]string{"WORLD_SIZE": "8", "RANK": "0"}, 8, "WORLD_SIZE"},
		{map[string]string{"WORLD_SIZE": "1", "RANK": "0"}, 1, ""},
		{map[string]string{"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, 2, "OMPI_COMM_WORLD_SIZE"},
		{map[string]string{"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, 1, ""},
		{map[string]string{"SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0"}, 4, "SLURM_STEP_NUM_TASKS"},
		{map[string]string{"WORLD_SIZE": "many", "RANK": "0", "PMI_SIZE": "3", "PMI_RANK": "2"}, 3, "PMI_SIZE"},
		{map[string]string{"MS_WORKER_NUM": "8", "MS_ROLE": "MS_WORKER"}, 8, "MS_WORKER_NUM"},
	} {
		n, from := Launcher(func(k string) string { return c.env[k] })
		assert.Equal(t, c.want, n)
		assert.Equal(t, c.from, from)
	}
}

func TestNotices(t *testing.T) {
	quiet := map[string]string{"opt": "momentum", "dataset": "shapes", "decay_epochs": "87"}
	for _, c := range []struct {
		name  string
		flags map[string]string
		want  []string
	}{
		{"nothing to say", nil, nil},
		{"no effect here", map[string]string{"mode": "1", "dataset_sink_mode": "True", "enable_modelarts": "True"}, []string{
			"mode has no effect: there is one way of running the network here, compiled once and run many times",
			"dataset_sink_mode has no effect: batches are always prepared ahead of the device",
			"enable_modelarts has no effect: nothing is copied from or to a cloud"}},
		{"not on train", map[string]string{"val_amp_level": "O2"}, []string{"--val_amp_level has no effect on train"}},
		{"size in the name", map[string]string{"model": "mobilenet_v2_100_192"}, []string{
			"model mobilenet_v2_100_192 is named for images of 192 pixels, but image_resize is 224; the name does not set it, as in MindCV"}},
		{"size agrees", map[string]string{"model": "mobilenet_v2_100_192", "image_resize": "192"}, nil},
		{"colour", map[string]string{"dataset": "imagenet"}, []string{
			"color_jitter 0.4 acts although nothing asks for it, as in MindCV; --color_jitter None turns it off"}},
		{"colour asked for", map[string]string{"dataset": "imagenet", "color_jitter": "0.4"}, nil},
		{"stair", map[string]string{"lr_epoch_stair": "1"}, []string{
			"lr_epoch_stair with warmup_factor 0 keeps the learning rate at 0 for the whole first epoch, as in MindCV"}},
		{"cosine cut", map[string]string{"decay_epochs": "100"}, []string{
			"warmup_epochs 3 + decay_epochs 100 exceed epoch_size 90: the cosine is cut short; decay_epochs 87 ends at min_lr"}},
		{"long warm-up", map[string]string{"epoch_size": "2", "decay_epochs": "1"}, []string{
			"warm-up of 3 epochs fills the whole run of 2; lr is reached only at its end or not at all"}},
		{"nesterov", map[string]string{"opt": "nesterov"}, []string{"opt nesterov without use_nesterov is plain momentum, as in MindCV"}},
		{"resume_opt", map[string]string{"resume_opt": "True"}, []string{"resume_opt has no effect without ckpt_path"}},
		{"distribute", map[string]string{"distribute": "True"}, []string{
			"distribute is on, but no launcher started several processes: training on one device; lr and batch_size are used as they are"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := map[string]string{}
			for k, v := range quiet {
				flags[k] = v
			}
			for k, v := range c.flags {
				flags[k] = v
			}
			_, notices := loadFlags(t, flags)
			assert.ElementsMatch(t, c.want, texts(notices))
		})
	}
}
