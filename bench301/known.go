package bench301

import (
	"fmt"
	"slices"
	"sync"
)

// Known is a published architecture.
type Known struct {
	Name         string
	Architecture Architecture
	Notation     Notation // in which its authors wrote it
	Source       string   // paper, and where the architecture stands
}

// knownGenotypes are written as their authors wrote them.
var knownGenotypes = []struct{ name, genotype, source string }{
	{
		"DARTS_V1",
		"Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), " +
			"('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2)], normal_concat=[2, 3, 4, 5], " +
			"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), " +
			"('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])",
		"Liu, Simonyan and Yang, DARTS (arXiv 1806.09055), first order; genotypes.py of quark0/darts",
	},
	{
		"DARTS_V2",
		"Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), " +
			"('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], " +
			"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), " +
			"('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])",
		"Liu, Simonyan and Yang, DARTS (arXiv 1806.09055), second order; genotypes.py of quark0/darts",
	},
	{
		"P-DARTS",
		"Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), " +
			"('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), " +
			"reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), " +
			"('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))",
		"Chen, Xie, Wu and Tian, P-DARTS (arXiv 1904.12760); genotypes.py of chenxin061/pdarts",
	},
	{
		"PC-DARTS",
		"Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), " +
			"('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], normal_concat=range(2, 6), " +
			"reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), " +
			"('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], reduce_concat=range(2, 6))",
		"Xu, Xie, Zhang, Chen, Qi, Tian and Xiong, PC-DARTS (arXiv 1907.05737), CIFAR-10; genotypes.py of " +
			"yuhuixu1993/PC-DARTS",
	},
	{
		"GDAS",
		"Genotype(normal=[('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 0), ('sep_conv_5x5', 2), " +
			"('sep_conv_3x3', 3), ('skip_connect', 0), ('sep_conv_5x5', 4), ('sep_conv_3x3', 3)], normal_concat=range(2, 6), " +
			"reduce=[('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 2), ('sep_conv_5x5', 1), ('dil_conv_5x5', 2), " +
			"('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_5x5', 1)], reduce_concat=range(2, 6))",
		"Dong and Yang, GDAS (arXiv 1910.04465); genotypes.py of D-X-Y/AutoDL-Projects (GDAS_V1)",
	},
}

// KnownNetworks implements Published: architectures whose genotypes their authors have released.
func (DARTS) KnownNetworks() []Known { return slices.Clone(knownNetworks()) }

// knownNetworks are parsed once: names are looked up for every architecture that a server reads.
var knownNetworks = sync.OnceValue(func() []Known {
	known := make([]Known, len(knownGenotypes))
	for i, k := range knownGenotypes {
		g, n, err := ParseGenotype(k.genotype)
		if err != nil {
			panic(fmt.Sprintf("bench301: %s: %v", k.name, err)) // a constant of this file; a test reads it
		}
		known[i] = Known{k.name, g, n, k.source}
	}
	return known
})
