package surrogate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301/surrogate/internal/torch"
	"rwe301/internal/oracle"
)

// ginTolerance bounds the error of a float64 computation, in percent.
const ginTolerance = 1e-8

func TestOracleGIN(t *testing.T) {
	oracle.Each(t, kind, "gin/expected_*.json*", func(t *testing.T, path string) (compared int) {
		name := strings.Split(filepath.Base(path), "_")[1] // expected_<ensemble>_<rows>.json
		e := load(t, "gin/"+name)
		var want expected
		oracle.Read(t, path, &want)
		near := func(row, member int, got, want, tolerance float64) {
			compared++
			if !(math.Abs(got-want) <= tolerance) {
				t.Errorf("row %d, member %d: %v, want %v", row, member, got, want)
			}
		}
		for _, r := range want.Records {
			p := e.Predict(genotype(t, r.Arch))
			for m := range r.F64 {
				near(r.Row, m, p.Members[m], r.F64[m], ginTolerance)
				near(r.Row, m, p.Members[m], r.Members[m], 1e-4) // what float32 gives
			}
			near(r.Row, -1, p.Mean, float64(math.Float32frombits(uint32(parseHex(t, r.Mean)))), 1e-4)
			near(r.Row, -1, p.Std, float64(math.Float32frombits(uint32(parseHex(t, r.Std)))), 1e-4)
		}
		rows := csvRows(t)
		if !fits(t, rows, want.All.Count, want.Records, record.arch) {
			t.Logf("all_rows of %s: skipped, the oracle folder lacks its architectures.csv", filepath.Base(path))
			return compared
		}
		out := make([]Prediction, len(rows))
		e.PredictBatch(rows, out)
		for i, p := range out {
			for m, all := range want.All.F64 {
				near(i, m, p.Members[m], all[i], ginTolerance)
			}
		}
		return compared
	})
}

// TestOracleStateDicts compares the tensors of the first members, in PyTorch's two formats, with PyTorch's.
func TestOracleStateDicts(t *testing.T) {
	oracle.Each(t, kind, "gin/state_dict_*.json*", func(t *testing.T, path string) (compared int) {
		name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), "state_dict_"), ".")
		var want struct {
			Tensors []struct {
				Key   string `json:"key"`
				Shape []int  `json:"shape"`
				Dtype string `json:"dtype"`
				SHA   string `json:"sha256_le"`
			} `json:"tensors"`
		}
		oracle.Read(t, path, &want)
		for _, form := range []string{"", "_zip"} {
			data, err := os.ReadFile(reference(t, "gin/"+name+form+"/ensemble_member_0/surrogate_model.model"))
			if err != nil {
				t.Fatal(err)
			}
			tensors, err := torch.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			if len(tensors) != len(want.Tensors) {
				t.Fatalf("%d tensors, want %d", len(tensors), len(want.Tensors))
			}
			for i, w := range want.Tensors {
				got := tensors[i]
				h := sha256.New()
				dtype := "float32"
				if got.Long != nil {
					dtype = "int64"
					_ = binary.Write(h, binary.LittleEndian, got.Long)
				} else {
					_ = binary.Write(h, binary.LittleEndian, got.Float)
				}
				compared++
				if sum := hex.EncodeToString(h.Sum(nil))[:len(w.SHA)]; got.Name != w.Key || dtype != w.Dtype ||
					!slices.Equal(got.Shape, w.Shape) || sum != w.SHA {
					t.Errorf("tensor %d: %s %s %v %s, want %+v", i, got.Name, dtype, got.Shape, sum, w)
				}
			}
		}
		return compared
	})
}

func TestOracleGINForms(t *testing.T) {
	for _, name := range []string{"ensemble", "variant"} {
		legacy, zipped := load(t, "gin/"+name), load(t, "gin/"+name+"_zip")
		for i, m := range zipped.models {
			if !reflect.DeepEqual(m.gin.values, legacy.models[i].gin.values) {
				t.Errorf("%s, member %d: other weights in the zip format", name, i)
			}
			if m.member.Format != "pytorch zip" || legacy.models[i].member.Format != "pytorch legacy" {
				t.Errorf("%s, member %d: formats %s and %s", name, i, m.member.Format, legacy.models[i].member.Format)
			}
		}
	}
}
