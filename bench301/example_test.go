package bench301_test

import (
	"fmt"
	"log"
	"strings"

	"rwe301/bench301"
)

// Notations of one architecture give one identity.
func ExampleParse() {
	for _, text := range []string{
		"Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), " +
			"('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], " +
			"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), " +
			"('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))",
		"[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], " +
			"[(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]",
		"3 0 3 1 3 0 3 1 0 0 3 1 0 0 5 2 2 0 2 1 2 1 0 2 2 0 0 2 2 1 0 2",
	} {
		a, notation, err := bench301.Parse(bench301.DARTS{}, text, "")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a.ID(), notation)
	}
	_, _, err := bench301.Parse(bench301.NASBench201{},
		"|nor_conv_3x3~0|+|none~0|none~1|+|none~0|sep_conv_3x3~1|none~2|", bench301.NotationCell)
	fmt.Println(err)
	// Output:
	// b149d8919d89ab39 genotype
	// b149d8919d89ab39 pairs
	// b149d8919d89ab39 evoxbench
	// node 3: operation "sep_conv_3x3": unknown; use one of none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3
}

// A seed is one stream of architectures, drawn uniformly.
func ExampleSamples() {
	n := 0
	for a := range bench301.Samples(bench301.NASBench201{}, 301) {
		fmt.Println(a)
		if n++; n == 3 {
			break
		}
	}
	// Output:
	// |nor_conv_1x1~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_1x1~2|
	// |skip_connect~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|nor_conv_1x1~0|avg_pool_3x3~1|avg_pool_3x3~2|
	// |skip_connect~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|
}

// A stream of architectures with what stands beside them.
func ExampleRead() {
	table := strings.NewReader(`arch,accuracy
"[4, 2, 2, 3, 0, 1]",91.5
|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|,88.25
`)
	for item, err := range bench301.Read(bench301.NASBench201{}, "table.csv", table, "") {
		if err != nil {
			log.Fatal(err)
		}
		accuracy, err := item.Float("accuracy")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(item.Line, item.Architecture, item.Notation, accuracy)
	}
	// Output:
	// 2 |avg_pool_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|nor_conv_3x3~0|skip_connect~1|none~2| indices 91.5
	// 3 |none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2| cell 88.25
}

// The costs of published networks as the papers size them: width 36, 20 cells.
func ExampleArchitecture_complexity() {
	cfg := bench301.Config{Channels: 36, Layers: 20, Classes: 10, Height: 32, Width: 32, Variant: bench301.VariantDARTS}
	for _, k := range bench301.KnownNetworks(bench301.DARTS{}) {
		c, err := k.Architecture.Complexity(cfg)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s %.2f M parameters, %.0f M MACs\n", k.Name, float64(c.Params)/1e6, float64(c.MACs)/1e6)
	}
	// Output:
	// DARTS_V1 3.17 M parameters, 501 M MACs
	// DARTS_V2 3.35 M parameters, 528 M MACs
	// P-DARTS  3.43 M parameters, 532 M MACs
	// PC-DARTS 3.63 M parameters, 557 M MACs
	// GDAS     3.37 M parameters, 519 M MACs
}
