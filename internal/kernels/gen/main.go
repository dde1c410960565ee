// Gen writes the assembly of package kernels, every kernel for AVX-512 and for AVX2 from one description, and beside it
// the Go that chooses between the two. Run it by
//
//	cd internal/kernels/gen && go generate
package main

import (
	"flag"
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
)

//go:generate go run . -family product -out ../product_amd64.s
//go:generate go run . -family depthwise -out ../depthwise_amd64.s
//go:generate go run . -family gradient -out ../depthwise_gradient_amd64.s
//go:generate go run . -family elementwise -out ../elementwise_amd64.s
//go:generate go run . -family pool -out ../pool_amd64.s
//go:generate go run . -family peak -out ../peak_amd64.s

var families = map[string]func(isa){
	"product":     product,
	"depthwise":   depthwise,
	"gradient":    depthwiseGradient,
	"elementwise": elementwise,
	"pool":        pool,
	"peak":        peak,
}

func main() {
	family := flag.String("family", "", "kernels to write")
	flag.Parse()
	write, ok := families[*family]
	if !ok {
		fail(fmt.Errorf("unknown family %q", *family))
	}
	ConstraintExpr("!purego")
	for _, v := range []isa{avx512, avx2} {
		write(v)
	}
	out := flag.Lookup("out").Value.String()
	if err := writeSwitches(strings.TrimSuffix(out, ".s") + ".go"); err != nil {
		fail(err)
	}
	Generate()
}
