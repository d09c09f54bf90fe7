package augment

// randNames are the operations of RandAugment and TrivialAugment.
var randNames = []string{"AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize", "Color", "Contrast", "Brightness", "Sharpness",
	"ShearX", "ShearY", "TranslateX", "TranslateY"}

// increasingNames are those whose strength grows with the magnitude.
var increasingNames = []string{"AutoContrast", "Equalize", "Invert", "Rotate", "PosterizeIncreasing", "SolarizeIncreasing", "ColorIncreasing",
	"ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing", "ShearX", "ShearY", "TranslateX", "TranslateY"}

// randWeights are timm's weight set 0, in the order of randNames.
var randWeights = []float64{0.025, 0.005, 0, 0.3, 0.005, 0.005, 0.025, 0.005, 0.005, 0.025, 0.2, 0.2, 0.1, 0.1}

// augMixNames are the operations of AugMix. Four of them are not in the paper.
var augMixNames = []string{"AutoContrast", "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing", "Equalize", "Rotate",
	"PosterizeIncreasing", "SolarizeIncreasing", "ShearX", "ShearY", "TranslateX", "TranslateY"}

// named is a step of a table. Posterize stands for the variant that the policy takes.
type named struct {
	name            string
	prob, magnitude float64
}

// imageNetPolicy is that of Cubuk et al. 2019 for ImageNet.
var imageNetPolicy = [][]named{
	{{"Posterize", 0.4, 8}, {"Rotate", 0.6, 9}},
	{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 5}},
	{{"Equalize", 0.8, 8}, {"Equalize", 0.6, 3}},
	{{"Posterize", 0.6, 7}, {"Posterize", 0.6, 6}},
	{{"Equalize", 0.4, 7}, {"Solarize", 0.2, 4}},
	{{"Equalize", 0.4, 4}, {"Rotate", 0.8, 8}},
	{{"Solarize", 0.6, 3}, {"Equalize", 0.6, 7}},
	{{"Posterize", 0.8, 5}, {"Equalize", 1.0, 2}},
	{{"Rotate", 0.2, 3}, {"Solarize", 0.6, 8}},
	{{"Equalize", 0.6, 8}, {"Posterize", 0.4, 6}},
	{{"Rotate", 0.8, 8}, {"Color", 0.4, 0}},
	{{"Rotate", 0.4, 9}, {"Equalize", 0.6, 2}},
	{{"Equalize", 0.0, 7}, {"Equalize", 0.8, 8}},
	{{"Invert", 0.6, 4}, {"Equalize", 1.0, 8}},
	{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}},
	{{"Rotate", 0.8, 8}, {"Color", 1.0, 2}},
	{{"Color", 0.8, 8}, {"Solarize", 0.8, 7}},
	{{"Sharpness", 0.4, 7}, {"Invert", 0.6, 8}},
	{{"ShearX", 0.6, 5}, {"Equalize", 1.0, 9}},
	{{"Color", 0.4, 0}, {"Equalize", 0.6, 3}},
	{{"Equalize", 0.4, 7}, {"Solarize", 0.2, 4}},
	{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 5}},
	{{"Invert", 0.6, 4}, {"Equalize", 1.0, 8}},
	{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}},
	{{"Equalize", 0.8, 8}, {"Equalize", 0.6, 3}},
}

// threeAugment is one of solarize, grey and blur (Touvron et al. 2022).
var threeAugment = [][]named{{{"Solarize", 1, 5}}, {{"Desaturate", 1, 10}}, {{"GaussianBlurRand", 1, 10}}}
