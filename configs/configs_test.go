package configs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecipeIsFoundByEveryFormOfItsName(t *testing.T) {
	for _, name := range []string{
		"mobilenet_v2_1.0_ascend", "mobilenet_v2_1.0_ascend.yaml", "mobilenetv2/mobilenet_v2_1.0_ascend",
		"mobilenetv2/mobilenet_v2_1.0_ascend.yaml", "shapes", "shapes.yaml",
	} {
		text, ok := Recipe(name)
		require.True(t, ok, name)
		require.NotEmpty(t, text, name)
	}
}

func TestRecipeRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "/", "mobilenetv2", "other/shapes", "../shapes.yaml", "mobilenet_v2_1.0", "shapes.yml"} {
		_, ok := Recipe(name)
		require.False(t, ok, name)
	}
}

func TestNamesAreRecipes(t *testing.T) {
	require.Equal(t, []string{"shapes", "finetune", "mobilenet_v2_0.75_ascend", "mobilenet_v2_1.0_ascend", "mobilenet_v2_1.0_torchvision", "mobilenet_v2_1.4_ascend"}, Names())
	for _, name := range Names() {
		_, ok := Recipe(name)
		require.True(t, ok, name)
	}
}
