package options

// Options holds the effective value of every option, in the order of the table, which says what each one means.
// A Maybe is empty where MindCV says None; a nil ColorJitter and an empty AutoAugment, AmpCastList, CkptSavePolicy or
// DeviceTarget mean None too.
type Options struct {
	// Own, not saved with a run.
	Device  string
	Format  string
	Quiet   bool
	Verbose bool
	Force   bool

	// System.
	Config        string
	Mode          int
	Distribute    bool
	ValWhileTrain bool
	ValInterval   int
	LogInterval   int
	Seed          int
	DeviceTarget  string
	Threads       int
	Fuse          string
	DebugDevice   bool
	Profile       int
	Deterministic bool

	// Dataset.
	Dataset            string
	DataDir            string
	TrainSplit         string
	ValSplit           string
	DatasetDownload    bool
	NumParallelWorkers int
	Shuffle            bool
	NumSamples         Maybe[int]
	BatchSize          int
	DropRemainder      bool
	Cache              int
	ClassIndex         string
	ValShare           float64
	MaxBadFiles        int

	// Augmentation.
	ImageResize    int
	ValImageResize int
	Scale          []float64
	Ratio          []float64
	HFlip          float64
	VFlip          float64
	ColorJitter    []float64
	Interpolation  string
	AutoAugment    string
	AugSplits      int
	ReProb         float64
	ReScale        []float64
	ReRatio        []float64
	ReValue        string
	ReMaxAttempts  int
	Mean           []float64
	Std            []float64
	CropPct        float64
	ResizeFilter   string
	Mixup          float64
	Cutmix         float64
	CutmixProb     float64
	AugRepeats     int

	MixupSwitchProb float64
	MixupMode       string
	MixupOffEpoch   int

	// Model.
	Model                     string
	NumClasses                Maybe[int]
	InChannels                int
	DropRate                  float64
	DropPathRate              Maybe[float64]
	Pretrained                string // a file, or True or False; see PretrainedFile
	CkptPath                  string
	ResumeOpt                 bool
	KeepCheckpointMax         int
	CkptSaveDir               string
	CkptSaveInterval          int
	CkptSaveSteps             int
	CkptSaveMinutes           float64
	CkptSavePolicy            string
	EpochSize                 int
	DatasetSinkMode           bool
	EMA                       bool
	EMADecay                  float64
	ClipGrad                  bool
	ClipValue                 float64
	LayerDecay                Maybe[float64]
	Freeze                    string
	GradientAccumulationSteps int

	// Optimizer.
	Opt               string
	Momentum          float64
	WeightDecay       float64
	UseNesterov       bool
	WeightDecayFilter string
	Eps               float64

	// Scheduler.
	Scheduler                string
	LR                       float64
	HeadLR                   Maybe[float64]
	LRBaseBatch              int
	MinLR                    float64
	WarmupEpochs             int
	WarmupFactor             float64
	DecayEpochs              int
	DecayRate                float64
	MultiStepDecayMilestones []float64
	LREpochStair             bool
	NumCycles                int
	CycleDecay               float64

	// Loss.
	Loss           string
	LabelSmoothing float64
	AuxFactor      float64
	Reduction      string

	// Mixed precision.
	AmpLevel           string
	ValAmpLevel        string
	AmpCastList        string
	LossScaleType      string
	LossScale          float64
	DropOverflowUpdate bool
	EvalShuffle        bool
	AmpDType           string
	TF32               bool
	Autotune           bool

	// Predict and convert.
	ImagePath string
	TopK      int
	Logits    bool
	Naming    string

	// Bench.
	Cases   string
	Seconds float64
	Ops     bool
	Chart   string
	Out     string

	// Finding out, in place of training.
	DryRun       bool
	FindLR       bool
	FindLRRange  []float64
	OverfitBatch bool
	TrialSteps   int

	// Devices.
	CheckDevice string
	Steps       string
	Quick       bool

	// Huawei's cloud, accepted and explained.
	EnableModelArts bool
	DataURL         string
	MultiDataURL    string
	CkptURL         string
	TrainURL        string

	sources map[string]Source
}

// PretrainedFile is the file that pretrained names, "" if it is a truth value only.
func (o *Options) PretrainedFile() string {
	if o.Pretrained == "True" || o.Pretrained == "False" {
		return ""
	}
	return o.Pretrained
}

// EvalSize is the side of the network's input in validation and prediction.
func (o *Options) EvalSize() int {
	if o.ValImageResize > 0 {
		return o.ValImageResize
	}
	return o.ImageResize
}

// Maybe is a value that may be absent (MindCV's None).
type Maybe[T any] struct {
	Value T
	Some  bool
}

// Some returns a present value.
func Some[T any](v T) Maybe[T] { return Maybe[T]{Value: v, Some: true} }

// Or returns the value, or def where there is none.
func (m Maybe[T]) Or(def T) T {
	if m.Some {
		return m.Value
	}
	return def
}

// Source says which layer gave an option its value.
type Source int

// The layers, weakest first. A recipe is a YAML text built into the program, a file one that the user has.
const (
	FromDefault Source = iota
	FromRecipe
	FromFile
	FromFlag
)

// String names the layer for messages.
func (s Source) String() string {
	return [...]string{"default", "built-in recipe", "configuration file", "command line"}[s]
}

// Source returns the layer that gave the named option its value.
func (o *Options) Source(name string) Source { return o.sources[name] }

// IsSet reports whether the named option was given a value by a recipe, a file or the command line.
func (o *Options) IsSet(name string) bool { return o.sources[name] != FromDefault }

func (o *Options) setSource(name string, s Source) {
	if o.sources == nil {
		o.sources = make(map[string]Source)
	}
	o.sources[name] = s
}
