package scoring_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/study/studytest"
)

// numbers lists the columns with numbers.
func numbers(t *scoring.Table) string {
	names, _ := t.Columns()
	return fmt.Sprint(names)
}

func TestSuiteZeroTables(t *testing.T) {
	archs := studytest.Architectures(t, 3)
	entries := map[string]any{}
	for i, a := range archs {
		entries[a.String()] = map[string]any{"nwot": map[string]float64{"score": float64(i), "time": 0.5},
			"val_accuracy": 90 + i, "id": "x"}
	}
	data, _ := json.MarshalIndent(entries, "", " ")
	table, err := scoring.ReadTable(bench301.DARTS{}, studytest.Write(t, t.TempDir(), "zc.json", string(data)), "")
	if err != nil || table.Repeated != 0 || len(table.Rows) != 3 {
		t.Fatalf("%+v %v", table, err)
	}
	if got := numbers(table); got != "[nwot val_accuracy]" {
		t.Errorf("columns %s", got)
	}
	l, err := table.Column("nwot")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if s, _ := l.Score(t.Context(), a, estimators.NewEnv(nil, 7)); s.Value != float64(i) || s.Seconds != 0.5 {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if _, err := scoring.ReadTable(bench301.DARTS{},
		studytest.Write(t, t.TempDir(), "cut.json", string(data[:len(data)-30])), ""); err == nil {
		t.Error("a cut file was accepted")
	}
	// Below the name of a data set, and with bare numbers.
	flat := fmt.Sprintf(`{"cifar10": {%q: {"nwot": 7, "val_accuracy": 93.5}}}`, archs[0])
	table, err = scoring.ReadTable(bench301.DARTS{}, studytest.Write(t, t.TempDir(), "flat.json", flat), "")
	if err != nil || len(table.Rows) != 1 || numbers(table) != "[nwot val_accuracy]" {
		t.Errorf("%+v %v", table, err)
	}
	two := fmt.Sprintf(`{"cifar10": {%q: {"nwot": 7}}, "cifar100": {%q: {"nwot": 8}}}`, archs[0], archs[1])
	if _, err := scoring.ReadTable(bench301.DARTS{}, studytest.Write(t, t.TempDir(), "two.json", two), ""); err == nil ||
		!strings.Contains(err.Error(), "more than one data set") {
		t.Errorf("two data sets: %v", err)
	}
}

// TestReasons reads scores that are missing, with and without a word why.
func TestReasons(t *testing.T) {
	archs := studytest.Architectures(t, 4)
	text := fmt.Sprintf("arch,score,seconds,reason\n%q,1.5,0.1,ignored\n%q,,0.2,ValueError: bad\n%q,,,\n%q,nan,,x\n",
		archs[0], archs[1], archs[2], archs[3])
	table, err := scoring.ReadTable(bench301.DARTS{}, studytest.Write(t, t.TempDir(), "mine.csv", text), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := numbers(table); got != "[score]" {
		t.Errorf("columns %s", got)
	}
	l, err := table.Column("score")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "ValueError: bad", "no value in score", `score: "nan" is not a number`} {
		s, err := l.Score(t.Context(), archs[i], estimators.NewEnv(nil, 0))
		if err != nil || s.Reason != want || (s.Status == estimators.OK) != (want == "") {
			t.Errorf("%d: %+v %v, want %q", i, s, err, want)
		}
	}
}
