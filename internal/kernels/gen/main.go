// Gen writes the assembly of package kernels, every kernel for AVX-512, AVX2 and NEON from one description, and beside
// it the Go that chooses between the first two. Run it by
//
//	cd internal/kernels/gen && go generate
package main

import (
	"os"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

//go:generate go run .

// families are the kernels of a file.
var families = []struct {
	file  string
	write func(isa)
}{
	{"product", product},
	{"depthwise", depthwise},
	{"depthwise_gradient", depthwiseGradient},
	{"elementwise", elementwise},
	{"pool", pool},
	{"peak", peak},
}

// targets are the processors, with their instruction sets from best to least.
var targets = []struct {
	goarch string
	sets   []func(*build.Context) isa
	printer.Builder
}{
	{"amd64", []func(*build.Context) isa{avx512, avx2}, printer.NewGoAsm},
	{"arm64", []func(*build.Context) isa{neon}, newARM64},
}

func main() {
	for _, f := range families {
		for _, t := range targets {
			kernels = nil
			c := build.NewContext()
			c.ConstraintExpr("!purego")
			var levels []string
			for _, set := range t.sets {
				v := set(c)
				f.write(v)
				levels = append(levels, v.name)
			}
			file, err := c.Result()
			if err == nil {
				err = pass.Compile.Execute(file)
			}
			if err != nil {
				fail(err)
			}
			text, err := t.Builder(printer.NewGoRunConfig()).Print(file)
			if err != nil {
				fail(err)
			}
			path := "../" + f.file + "_" + t.goarch
			if err := os.WriteFile(path+".s", text, 0o644); err != nil {
				fail(err)
			}
			if err := writeSwitches(path+".go", levels); err != nil {
				fail(err)
			}
		}
	}
}
