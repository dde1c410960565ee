package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// args gives a kernel access to its argument, a pointer to a struct of eight-byte fields.
type args struct {
	*build.Context
	base   reg.Register
	fields map[string]int // offsets
}

// function begins a kernel that takes a pointer to the named struct of a file of package kernels. A geometry is part of
// its name.
func function(v isa, name string, g *geometry, file, structure string) args {
	record(name, structure, g)
	if g != nil {
		name += g.String()
	}
	name += v.name
	v.Function(name)
	v.Attributes(attr.NOSPLIT)
	v.SignatureExpr("func(args *byte)")
	v.Doc(fmt.Sprintf("%s takes a *%s.", name, structure))
	return args{v.Context, v.Load(v.Param("args"), v.GP64()), fields("../"+file, structure)}
}

// fields reads a struct's field offsets from its Go source.
func fields(file, structure string) map[string]int {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		fail(err)
	}
	offsets := map[string]int{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok || t.Name.Name != structure {
			return true
		}
		for _, f := range t.Type.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				offsets[name.Name] = 8 * len(offsets)
			}
		}
		return false
	})
	if len(offsets) == 0 {
		fail(fmt.Errorf("%s: no struct %s", file, structure))
	}
	return offsets
}

// at is a field's place in memory.
func (a args) at(field string) Mem {
	offset, ok := a.fields[field]
	if !ok {
		fail(fmt.Errorf("no field %s", field))
	}
	return Mem{Base: a.base, Disp: offset}
}

// load brings a field into a register.
func (a args) load(field string) reg.GPVirtual {
	r := a.GP64()
	a.MOVQ(a.at(field), r)
	return r
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}

// ret ends a kernel.
func (v isa) ret() {
	v.VZEROUPPER()
	v.RET()
}

// labels are unique in a function.
type labels struct{ n int }

func (l *labels) next(name string) string {
	l.n++
	return fmt.Sprintf("%s%d", name, l.n)
}
