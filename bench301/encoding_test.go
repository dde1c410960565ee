package bench301

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// archOf reads an architecture.
func archOf(t testing.TB, s Space, text string) Architecture {
	t.Helper()
	a, _, err := s.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// encoded is the vector of an architecture.
func encoded(t testing.TB, s Space, name string, a Architecture) (Encoding, []int) {
	t.Helper()
	e, err := LookupEncoding(s, name)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]int, e.Len())
	if err := e.Encode(v, a); err != nil {
		t.Fatal(err)
	}
	return e, v
}

// darts2 is DARTS_V2. By hand, with inputs in order (operations by number):
//
//	normal: 2 = sep3(0) sep3(1); 3 = sep3(0) sep3(1); 4 = skip(0) sep3(1); 5 = skip(0) dil3(2)
//	reduce: 2 = max(0)  max(1);  3 = max(1)  skip(2); 4 = max(0)  skip(2); 5 = max(1)  skip(2)
//
// Pairs of inputs: of node 3 (0,1) (0,2) (1,2); of node 4 (0,1) (0,2) (0,3) (1,2) (1,3) (2,3); of node 5 (0,1) (0,2)
// (0,3) (0,4) (1,2) (1,3) (1,4) (2,3) (2,4) (3,4).
const darts2 = "[[(0, 3), (1, 3), (1, 3), (0, 3), (1, 3), (0, 2), (0, 2), (2, 5)], " +
	"[(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"

// chain reads the two states before each node. By hand:
//
//	normal: 2 = max(0) avg(1);    3 = skip(1) sep3(2); 4 = sep5(2) dil3(3); 5 = dil5(3) max(4)
//	reduce: 2 = dil5(0) dil5(1);  3 = dil3(0) dil3(1); 4 = sep5(0) sep5(1); 5 = sep3(0) sep3(1)
const chain = "[[(0, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5), (3, 6), (4, 0)], " +
	"[(0, 6), (1, 6), (0, 5), (1, 5), (0, 4), (1, 4), (0, 3), (1, 3)]]"

// Two cells of NAS-Bench-201. Operations of 0->1, 0->2, 1->2, 0->3, 1->3, 2->3 by number: 3 2 1 0 4 3, and six of 1.
const (
	mixed201 = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|"
	skips201 = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"
)

func TestTokensByHand(t *testing.T) {
	for _, c := range []struct {
		space Space
		arch  string
		want  []int
	}{
		{DARTS{}, darts2, []int{3, 3, 0, 3, 3, 0, 2, 3, 1, 2, 5, 0, 0, 2, 0, 2, 1, 0, 2, 4, 0, 2}},
		{DARTS{}, chain, []int{0, 1, 2, 2, 3, 5, 4, 5, 9, 6, 0, 6, 6, 0, 5, 5, 0, 4, 4, 0, 3, 3}},
		{NASBench201{}, mixed201, []int{3, 2, 1, 0, 4, 3}},
		{NASBench201{}, skips201, []int{1, 1, 1, 1, 1, 1}},
	} {
		if _, v := encoded(t, c.space, "tokens", archOf(t, c.space, c.arch)); !slices.Equal(v, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", c.arch, v, c.want)
		}
	}
}

// TestOnesByHand compares the columns that are 1 with those found by hand: edges one by one, and paths by following
// every way from a node back to the inputs.
func TestOnesByHand(t *testing.T) {
	for _, c := range []struct {
		space    Space
		encoding string
		arch     string
		length   int
		want     string
	}{
		{DARTS{}, "onehot", darts2, 224, `normal_0_2_sep_conv_3x3 normal_1_2_sep_conv_3x3
			normal_0_3_sep_conv_3x3 normal_1_3_sep_conv_3x3 normal_2_3_none
			normal_0_4_skip_connect normal_1_4_sep_conv_3x3 normal_2_4_none normal_3_4_none
			normal_0_5_skip_connect normal_1_5_none normal_2_5_dil_conv_3x3 normal_3_5_none normal_4_5_none
			reduce_0_2_max_pool_3x3 reduce_1_2_max_pool_3x3
			reduce_0_3_none reduce_1_3_max_pool_3x3 reduce_2_3_skip_connect
			reduce_0_4_max_pool_3x3 reduce_1_4_none reduce_2_4_skip_connect reduce_3_4_none
			reduce_0_5_none reduce_1_5_max_pool_3x3 reduce_2_5_skip_connect reduce_3_5_none reduce_4_5_none`},
		{DARTS{}, "path", darts2, 11200, `normal_0-skip_connect normal_0-sep_conv_3x3 normal_1-sep_conv_3x3
			normal_0-sep_conv_3x3-dil_conv_3x3 normal_1-sep_conv_3x3-dil_conv_3x3
			reduce_0-max_pool_3x3 reduce_1-max_pool_3x3
			reduce_0-max_pool_3x3-skip_connect reduce_1-max_pool_3x3-skip_connect`},
		{DARTS{}, "path:3", chain, 1596, `normal_0-max_pool_3x3 normal_1-avg_pool_3x3 normal_1-skip_connect
			normal_0-max_pool_3x3-sep_conv_3x3 normal_0-max_pool_3x3-sep_conv_5x5
			normal_1-avg_pool_3x3-sep_conv_3x3 normal_1-avg_pool_3x3-sep_conv_5x5
			normal_1-skip_connect-dil_conv_3x3 normal_1-skip_connect-dil_conv_5x5
			normal_0-max_pool_3x3-sep_conv_3x3-dil_conv_3x3 normal_0-max_pool_3x3-sep_conv_3x3-dil_conv_5x5
			normal_0-max_pool_3x3-sep_conv_5x5-max_pool_3x3
			normal_1-avg_pool_3x3-sep_conv_3x3-dil_conv_3x3 normal_1-avg_pool_3x3-sep_conv_3x3-dil_conv_5x5
			normal_1-avg_pool_3x3-sep_conv_5x5-max_pool_3x3
			normal_1-skip_connect-dil_conv_3x3-max_pool_3x3
			reduce_0-sep_conv_3x3 reduce_0-sep_conv_5x5 reduce_0-dil_conv_3x3 reduce_0-dil_conv_5x5
			reduce_1-sep_conv_3x3 reduce_1-sep_conv_5x5 reduce_1-dil_conv_3x3 reduce_1-dil_conv_5x5`},
		{NASBench201{}, "onehot", mixed201, 30, `edge_0_1_nor_conv_3x3 edge_0_2_nor_conv_1x1 edge_1_2_skip_connect
			edge_0_3_none edge_1_3_avg_pool_3x3 edge_2_3_nor_conv_3x3`},
		{NASBench201{}, "path", mixed201, 155, `path_none path_nor_conv_1x1-nor_conv_3x3 path_nor_conv_3x3-avg_pool_3x3
			path_nor_conv_3x3-skip_connect-nor_conv_3x3`},
		{NASBench201{}, "path", skips201, 155, `path_skip_connect path_skip_connect-skip_connect
			path_skip_connect-skip_connect-skip_connect`},
		{NASBench201{}, "path:2", skips201, 30, `path_skip_connect path_skip_connect-skip_connect`},
	} {
		e, v := encoded(t, c.space, c.encoding, archOf(t, c.space, c.arch))
		if e.Len() != c.length {
			t.Errorf("%s %s: %d columns, want %d", c.space.Name(), c.encoding, e.Len(), c.length)
		}
		var ones []string
		for i, x := range v {
			if x == 1 {
				ones = append(ones, e.Names()[i])
			}
		}
		if want := strings.Fields(c.want); !slices.Equal(ones, want) {
			t.Errorf("%s of %s:\n got %s\nwant %s", c.encoding, c.arch, strings.Join(ones, " "),
				strings.Join(want, " "))
		}
	}
}

// TestPathPlaces has places of paths that were counted by hand: two inputs of 7, 49, 343 and 2401 paths, for each
// of two cells; and 5, 25 and 125.
func TestPathPlaces(t *testing.T) {
	for _, c := range []struct {
		space Space
		name  string
		place int
	}{
		{DARTS{}, "normal_0-sep_conv_3x3", 3},
		{DARTS{}, "normal_1-sep_conv_3x3", 7 + 3},
		{DARTS{}, "normal_0-sep_conv_3x3-dil_conv_3x3", 14 + 3*7 + 5},
		{DARTS{}, "normal_1-sep_conv_3x3-dil_conv_3x3", 14 + 49 + 3*7 + 5},
		{DARTS{}, "reduce_0-max_pool_3x3", 2 * (7 + 49 + 343 + 2401)},
		{NASBench201{}, "path_nor_conv_3x3-avg_pool_3x3", 5 + 3*5 + 4},
		{NASBench201{}, "path_nor_conv_3x3-skip_connect-nor_conv_3x3", 30 + 3*25 + 1*5 + 3},
	} {
		e, err := LookupEncoding(c.space, "path")
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Index(e.Names(), c.name); got != c.place {
			t.Errorf("%s is column %d, want %d", c.name, got, c.place)
		}
	}
}

// TestGraphByHand has the normal cell of DARTS_V2: its labels, and who leads to whom.
func TestGraphByHand(t *testing.T) {
	e, v := encoded(t, DARTS{}, "graph", archOf(t, DARTS{}, darts2))
	if want := []int{1, 2, 7, 7, 7, 7, 6, 7, 6, 9, 0}; !slices.Equal(v[:11], want) {
		t.Errorf("labels %v, want %v", v[:11], want)
	}
	var adjacent []string
	for i, name := range e.Names()[11:66] {
		if v[11+i] == 1 {
			adjacent = append(adjacent, strings.TrimPrefix(name, "normal_adjacent_"))
		}
	}
	want := "0_2 0_4 0_6 0_8 1_3 1_5 1_7 2_9 2_10 3_9 3_10 4_10 5_10 6_10 7_10 8_10 9_10"
	if got := strings.Join(adjacent, " "); got != want {
		t.Errorf("edges %s, want %s", got, want)
	}
}

// TestEncodingsRoundTrip decodes what was encoded, and sees different architectures become different vectors where it
// is promised; values stay below those that the columns declare.
func TestEncodingsRoundTrip(t *testing.T) {
	for _, s := range Spaces() {
		coder, ok := s.(Encoder)
		if !ok {
			continue
		}
		for _, name := range coder.Encodings() {
			e, err := LookupEncoding(s, name)
			if err != nil {
				t.Fatal(err)
			}
			if names := slices.Sorted(slices.Values(e.Names())); len(slices.Compact(names)) != e.Len() {
				t.Errorf("%s %s: a column stands twice", s.Name(), name)
			}
			n := 200
			if e.Len() > 1000 {
				n = 20
			}
			for a := range Samples(s, 301) {
				if n--; n < 0 {
					break
				}
				v := make([]int, e.Len())
				if err := e.Encode(v, a); err != nil {
					t.Fatal(err)
				}
				for i, c := range e.columns {
					if v[i] < 0 || v[i] >= c.values {
						t.Fatalf("%s %s: %s is %d of %d values", s.Name(), name, c.name, v[i], c.values)
					}
				}
				back, err := e.Decode(v)
				if !e.Decodes() {
					if !errors.Is(err, errors.ErrUnsupported) {
						t.Fatalf("%s %s: Decode: %v", s.Name(), name, err)
					}
					continue
				}
				if err != nil || back.ID() != a.ID() {
					t.Fatalf("%s %s: %s came back as %v (%v)", s.Name(), name, a, back, err)
				}
			}
		}
	}
}

// TestPathsShareVectors has architectures with the same paths: why the path encoding of DARTS does not decode. The
// nodes of chain's reduction cell read the inputs only, in whatever order they stand. Of NAS-Bench-201, cutting the
// paths leaves edges out.
func TestPathsShareVectors(t *testing.T) {
	for _, c := range []struct {
		space          Space
		encoding, a, b string
	}{
		{DARTS{}, "path", chain, chain[:strings.Index(chain, ", [(0, 6)")] +
			", [(0, 5), (1, 5), (0, 6), (1, 6), (0, 4), (1, 4), (0, 3), (1, 3)]]"},
		{NASBench201{}, "path:2", skips201, strings.Replace(skips201, "skip_connect~1|+", "none~1|+", 1)},
	} {
		a, b := archOf(t, c.space, c.a), archOf(t, c.space, c.b)
		_, va := encoded(t, c.space, c.encoding, a)
		_, vb := encoded(t, c.space, c.encoding, b)
		if a.ID() == b.ID() || !slices.Equal(va, vb) {
			t.Errorf("%s and %s are one architecture, or differ in %s", a, b, c.encoding)
		}
	}
}

// TestPaths201AreInjective decodes the paths of every architecture of NAS-Bench-201.
func TestPaths201AreInjective(t *testing.T) {
	e, err := LookupEncoding(NASBench201{}, "path")
	if err != nil {
		t.Fatal(err)
	}
	v := make([]int, e.Len())
	for i := range 15625 {
		var g Genotype201
		for k := range g {
			g[k], i = Operation201(i%NumOperations201), i/NumOperations201
		}
		if err := e.Encode(v, g); err != nil {
			t.Fatal(err)
		}
		if back, err := e.Decode(v); err != nil || back != Architecture(g) {
			t.Fatalf("%v came back as %v (%v)", g, back, err)
		}
	}
}

// TestDecodeRefuses has vectors of no architecture.
func TestDecodeRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		space    Space
		encoding string
		change   func(v []int) []int
		want     string
	}{
		{DARTS{}, "tokens", func(v []int) []int { return v[:21] }, "21 numbers: must be 22"},
		{DARTS{}, "tokens", func(v []int) []int { v[0] = 7; return v }, "normal_2_op_a: 7: must lie in [0, 6]"},
		{DARTS{}, "tokens", func(v []int) []int { v[13] = -1; return v }, "reduce_3_inputs: -1: must lie in [0, 2]"},
		{DARTS{}, "onehot", func(v []int) []int { clear(v[:8]); return v },
			"normal cell: edge 0 to 2: no operation is 1: must be one"},
		{DARTS{}, "onehot", func(v []int) []int { v[0], v[1], v[2] = 0, 1, 1; return v },
			"normal cell: edge 0 to 2: two operations are 1: must be one"},
		{DARTS{}, "onehot", func(v []int) []int { clear(v[:8]); v[0] = 1; return v },
			"normal cell: node 2: 1 edges that are not none: must be 2"},
		{DARTS{}, "graph", func(v []int) []int { v[2] = 3; return v },
			"vertex 2: label 3: must be an operation's, 4 to 10"},
		{DARTS{}, "graph", func(v []int) []int { v[0] = 2; return v }, "vertex_0: 2: must be 1"},
		{DARTS{}, "graph", func(v []int) []int { clear(v[11:66]); return v }, "vertex 2: no edge leads to it"},
		{NASBench201{}, "path", func(v []int) []int { clear(v); return v }, "no cell has these paths"},
		{NASBench201{}, "path", func(v []int) []int { v[0], v[1], v[2] = 1, 1, 1; return v },
			"no cell has these paths"},
		{NASBench201{}, "tokens", func(v []int) []int { v[5] = 5; return v }, "edge_2_3: 5: must lie in [0, 4]"},
		{NASBench201{}, "onehot", func(v []int) []int { clear(v[:5]); return v }, "edge_0_1: no operation is 1"},
	} {
		e, v := encoded(t, c.space, c.encoding, c.space.Sample(rng))
		if _, err := e.Decode(c.change(v)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.encoding, err, c.want)
		}
	}
}

func TestLookupEncoding(t *testing.T) {
	for _, c := range []struct {
		space Space
		name  string
		want  string
	}{
		{DARTS{}, "onehott", `encoding "onehott": space darts has onehot, tokens, graph, path, path:1, path:2, ` +
			"path:3 (did you mean onehot?)"},
		{DARTS{}, "path:4", `encoding "path:4"`},
		{NASBench201{}, "graph", `encoding "graph": space nasbench201 has onehot, tokens, path, path:1, path:2`},
	} {
		if _, err := LookupEncoding(c.space, c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	e, err := LookupEncoding(DARTS{}, "tokens")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Encode(make([]int, 22), archOf(t, NASBench201{}, skips201)); err == nil {
		t.Error("encoded an architecture of another space")
	}
}

// FuzzDecode never panics, and what it decodes is encoded to the same vector.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 3, 3, 0, 3, 3, 0, 2, 3, 1, 2, 5, 0, 0, 2, 0, 2, 1, 0, 2, 4, 0, 2})
	f.Add([]byte{2, 1, 1, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) == 0 {
			return
		}
		kinds := []struct {
			space Space
			name  string
		}{{DARTS{}, "tokens"}, {DARTS{}, "onehot"}, {NASBench201{}, "tokens"}, {NASBench201{}, "onehot"},
			{DARTS{}, "graph"}, {NASBench201{}, "path"}}
		kind := kinds[int(raw[0])%len(kinds)]
		e, err := LookupEncoding(kind.space, kind.name)
		if err != nil {
			t.Fatal(err)
		}
		v := make([]int, len(raw)-1)
		for i, b := range raw[1:] {
			v[i] = int(int8(b))
		}
		a, err := e.Decode(v)
		if err != nil {
			return
		}
		again := make([]int, e.Len())
		if err := e.Encode(again, a); err != nil || !slices.Equal(v, again) {
			t.Fatalf("%v became %v (%v)", v, again, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, s := range []Space{DARTS{}, NASBench201{}} {
		a := s.Sample(rand.New(rand.NewPCG(1, 1)))
		for _, name := range []string{"onehot", "tokens", "path"} {
			b.Run(s.Name()+"/"+name, func(b *testing.B) {
				e, v := encoded(b, s, name, a)
				b.ReportAllocs()
				for b.Loop() {
					if err := e.Encode(v, a); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
