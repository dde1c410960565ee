package surrogate

import (
	"bytes"
	"testing"

	"rwe301/internal/oracle"
)

// TestExportAndBack reads what is exported. XGBoost itself reads it in tools/oracles/export_check.py.
func TestExportAndBack(t *testing.T) {
	edge, err := parseModel("edge", oracle.Bytes(t, reference(t, "xgb/edge/edge.174.ubj.gz")), nil)
	if err != nil {
		t.Fatal(err)
	}
	single, err := newEnsemble("edge", Percent, []*model{edge})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Ensemble{single, load(t, "xgb/ensemble")} {
		var back []*model
		for i, m := range e.Members() {
			var out bytes.Buffer
			if err := e.ExportJSON(&out, i); err != nil {
				t.Fatal(err)
			}
			read, err := parseModel(m.Name, out.Bytes(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !read.xgb.BaseFirst || read.xgb.Base != e.models[i].xgb.Base || read.member.Version != "1.7.4" {
				t.Errorf("%s: %+v, base %v", m.Name, read.member, read.xgb.Base)
			}
			back = append(back, read)
		}
		again, err := newEnsemble(e.Info().Name, Percent, back)
		if err != nil {
			t.Fatal(err)
		}
		if err := Compare(t.Context(), e, again, 200, 1); err != nil {
			t.Errorf("%s: %v", e.Info().Name, err)
		}
	}
	if err := single.ExportJSON(new(bytes.Buffer), 1); err == nil || err.Error() != "member 1: edge has 1 (0-0)" {
		t.Errorf("%v", err)
	}
}
