package surrogate

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/oracle"
)

type vectorRecord struct {
	Row    int               `json:"row"`
	Arch   string            `json:"arch"`
	Config map[string]string `json:"config"`
	Vector []float64         `json:"vector"`
	NaN    []int             `json:"nan_positions"`
}

func (r vectorRecord) arch() (int, string) { return r.Row, r.Arch }

func TestOracleVectors(t *testing.T) {
	oracle.Each(t, kind, "configspace/vectors_*.json*", func(t *testing.T, path string) (compared int) {
		var want struct {
			All struct {
				Count int    `json:"count"`
				F64   string `json:"sha256_float64_le_rowmajor"`
				F32   string `json:"sha256_float32_le_rowmajor"`
			} `json:"all_rows"`
			Records []vectorRecord `json:"records"`
		}
		oracle.Read(t, path, &want)
		for _, r := range want.Records {
			g := genotype(t, r.Arch)
			v := Vector(g)
			for i, x := range v {
				compared++
				if math.Float64bits(x) != math.Float64bits(r.Vector[i]) {
					t.Errorf("row %d, column %d: %v, want %v", r.Row, i, x, r.Vector[i])
				}
				if (x == inactive) != slices.Contains(r.NaN, i) {
					t.Errorf("row %d, column %d: %v, inactive columns %v", r.Row, i, x, r.NaN)
				}
			}
			for _, i := range r.NaN {
				v[i] = math.NaN()
			}
			if back, err := fromVector(v); err != nil || back != g.Canonical() {
				t.Errorf("row %d: back to %v, %v", r.Row, back, err)
			}
		}
		rows := csvRows(t)
		if !fits(t, rows, want.All.Count, want.Records, vectorRecord.arch) {
			t.Logf("vector hashes: skipped, the oracle folder lacks their architectures.csv")
			return compared
		}
		f64, f32 := sha256.New(), sha256.New()
		for _, g := range rows {
			for _, x := range Vector(g) {
				_ = binary.Write(f64, binary.LittleEndian, x)
				_ = binary.Write(f32, binary.LittleEndian, float32(x))
				compared += 2
			}
		}
		if a, b := fmt.Sprintf("%x", f64.Sum(nil)), fmt.Sprintf("%x", f32.Sum(nil)); a != want.All.F64 || b != want.All.F32 {
			t.Errorf("hashes of %d vectors: %s, %s, want %s, %s", len(rows), a, b, want.All.F64, want.All.F32)
		}
		return compared
	})
}

// TestOracleHyperparameters compares the fixed columns with ConfigSpace's own.
func TestOracleHyperparameters(t *testing.T) {
	oracle.Each(t, kind, "configspace/hyperparameters*.json", func(t *testing.T, path string) (compared int) {
		var want struct {
			Hyperparameters []struct {
				Index int     `json:"index"`
				Name  string  `json:"name"`
				Hex   *string `json:"fixed_vector_value_hex"`
			} `json:"hyperparameters"`
		}
		oracle.Read(t, path, &want)
		for _, h := range want.Hyperparameters {
			if h.Hex == nil {
				continue
			}
			v, err := strconv.ParseFloat(*h.Hex, 64)
			if err != nil {
				t.Fatal(err)
			}
			compared++
			if math.Float64bits(fixedVector[h.Index]) != math.Float64bits(v) {
				t.Errorf("column %d, %s: %v, want %v", h.Index, h.Name, fixedVector[h.Index], v)
			}
		}
		return compared
	})
}

func TestVectorAndBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		g := bench301.SampleGenotype(rng)
		if back, err := fromVector(Vector(g)); err != nil || back != g.Canonical() {
			t.Fatalf("%s: %s, %v", g, back, err)
		}
	}
}

func TestVectorsRefused(t *testing.T) {
	g := sample(1)[0]
	for _, c := range []struct {
		column int
		value  float64
		want   string
	}{
		{0, 0.5, "column 0: 0.5: the fixed hyperparameter there is 0.5863451791322553"},
		{10, 7, "normal cell: column 10: 7: want an operation (0-6), or -1 for none"},
		{10, 1.5, "normal cell: column 10: 1.5: want an operation"},
		{12, -1, "reduction cell: node 2: 1 edges: want 2"},
		{16, 17, "normal cell: column 16: input pair 17: the edges of node 4 make it "},
		{13, math.Inf(1), "reduction cell: column 13: +Inf: want an operation"},
	} {
		v := Vector(g)
		v[c.column] = c.value
		_, err := fromVector(v)
		if err == nil || len(err.Error()) < len(c.want) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("column %d = %v: %v, want %s", c.column, c.value, err, c.want)
		}
	}
}

// fromVector decodes a vector. Inactive edges may be -1 or NaN; the fixed hyperparameters must have their values.
func fromVector(v [Features]float64) (bench301.Genotype, error) {
	var g bench301.Genotype
	free := [Features]bool{}
	for _, c := range []*columns{&normalColumns, &reduceColumns} {
		for _, i := range c.edge {
			free[i] = true
		}
		for _, i := range c.input {
			free[i] = true
		}
	}
	for i, want := range fixedVector {
		if !free[i] && math.Float64bits(v[i]) != math.Float64bits(want) {
			return g, fmt.Errorf("column %d: %v: the fixed hyperparameter there is %v", i, v[i], want)
		}
	}
	var err error
	if g.Normal, err = normalColumns.cell(&v); err != nil {
		return g, fmt.Errorf("normal cell: %w", err)
	}
	if g.Reduce, err = reduceColumns.cell(&v); err != nil {
		return g, fmt.Errorf("reduction cell: %w", err)
	}
	return g, nil
}

// cell reads one cell.
func (c *columns) cell(v *[Features]float64) (cell bench301.Cell, err error) {
	for n := range bench301.Nodes {
		found := 0
		for source := range n + 2 {
			i := c.edge[edgeOffset[n]+source]
			x := v[i]
			if x == inactive || x != x {
				continue
			}
			op := int(x)
			if float64(op) != x || op < 0 || op >= bench301.NumOperations {
				return cell, fmt.Errorf("column %d: %v: want an operation (0-%d), or -1 for none", i, x, bench301.NumOperations-1)
			}
			if found < 2 {
				cell[2*n+found] = bench301.Edge{Source: uint8(source), Op: bench301.Operation(op)}
			}
			found++
		}
		if found != 2 {
			return cell, fmt.Errorf("node %d: %d edges: want 2", n+2, found)
		}
		if n == 0 {
			continue
		}
		want := pairIndex(n+2, int(cell[2*n].Source), int(cell[2*n+1].Source))
		if i := c.input[n-1]; v[i] != float64(want) {
			return cell, fmt.Errorf("column %d: input pair %v: the edges of node %d make it %d", i, v[i], n+2, want)
		}
	}
	return cell, nil
}
