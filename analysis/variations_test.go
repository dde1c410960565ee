package analysis

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/store"
)

// scored makes a record of an estimator "e" with settings a and b.
func scored(arch int, a, b string, seed uint64, score float64) store.Record {
	settings := fmt.Sprintf(`{"a":%q,"b":%q}`, a, b)
	return store.Record{
		Arch: fmt.Sprint("arch ", arch), ID: fmt.Sprint("id", arch), Estimator: "e", Settings: json.RawMessage(settings),
		SettingsHash: a + b, Dataset: "images 0123 train[0:" + a + "]", Seed: seed, Score: &score, Status: store.OK,
		Code: "v1",
	}
}

// named describes records: the settings 1 and 1 are the defaults of those that have any.
func named(defaults string) func(store.Record) store.Question {
	return func(r store.Record) store.Question {
		q := store.Question{
			Label: "e:" + r.SettingsHash, Full: "e:" + r.SettingsHash, Estimator: r.Estimator, Settings: r.Settings,
			SettingsHash: r.SettingsHash, Dataset: r.Dataset,
		}
		if r.SettingsHash == defaults {
			q.Label, q.Full = "e", "e"
		}
		return q
	}
}

// TestInferVariations says for each column which settings it varies, of which base.
func TestInferVariations(t *testing.T) {
	for _, c := range []struct {
		name, defaults string
		settings       []string // the values of a and b
		want           string
	}{
		{"most others differ in one", "", []string{"12", "11", "21", "31", "22"},
			"12: b=11  11: a=11 b=11  21: a=11  31: a=11  22:"},
		{"the defaults are the base", "12", []string{"11", "12", "21", "22"}, "11: b=12  12: a=12 b=12  21:  22: a=12"},
		{"the first of equals", "", []string{"21", "11"}, "21: a=21  11: a=21"},
		{"nothing differs in one", "", []string{"11", "22"}, "11:  22:"},
	} {
		var records []store.Record
		for _, s := range c.settings {
			records = append(records, scored(0, s[:1], s[1:], 0, 1))
		}
		r, err := FromRecords(store.Each(records), named(c.defaults), bench301.DARTS{})
		if err != nil {
			t.Fatal(err)
		}
		r.InferVariations()
		var got []string
		for _, column := range r.Columns {
			var varied []string
			for _, v := range column.Varied {
				varied = append(varied, v.Setting+"="+v.Base)
			}
			got = append(got, strings.TrimSpace(column.SettingsHash+": "+strings.Join(varied, " ")))
		}
		if text := strings.Join(got, "  "); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}

// TestAmbiguousVariations scores a setting under two seeds: nothing is inferred, and the tables say so.
func TestAmbiguousVariations(t *testing.T) {
	records := []store.Record{scored(0, "1", "1", 0, 1), scored(0, "1", "1", 1, 2), scored(0, "2", "1", 0, 3)}
	r, err := FromRecords(store.Each(records), named(""), bench301.DARTS{})
	if err != nil {
		t.Fatal(err)
	}
	r.InferVariations()
	for _, c := range r.Columns {
		if c.Varied != nil {
			t.Errorf("%s varies %v", c.Label, c.Varied)
		}
	}
	if len(r.From.Notes) != 1 || !strings.HasPrefix(r.From.Notes[0], "e: no ablation") {
		t.Errorf("notes %q", r.From.Notes)
	}
}

// TestOverSeeds joins the seeds of a question, whatever the order of the records.
func TestOverSeeds(t *testing.T) {
	records := []store.Record{
		scored(0, "1", "1", 7, 4), scored(1, "1", "1", 7, 6), scored(0, "1", "1", 3, 2), scored(0, "2", "1", 3, 5),
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {2, 1, 0, 3}} {
		var shuffled []store.Record
		for _, i := range order {
			shuffled = append(shuffled, records[i])
		}
		r, err := OverSeeds(store.Each(shuffled), named("11"), bench301.DARTS{})
		if err != nil {
			t.Fatal(err)
		}
		c := r.Columns[0]
		if len(r.Columns) != 2 || c.Label != "e" || !slices.Equal(c.Seeds, []uint64{3, 7}) || c.Missing != 1 {
			t.Fatalf("%d columns, the first %+v", len(r.Columns), c)
		}
		at := slices.IndexFunc(r.Architectures, func(a store.Named) bool { return a.ID == "id0" })
		if c.Mean()[at] != 3 {
			t.Errorf("mean %v", c.Mean())
		}
		if r.From.Code != "v1" || !r.From.Records {
			t.Errorf("from %+v", r.From)
		}
	}
	each, err := FromRecords(store.Each(records), named("11"), bench301.DARTS{})
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, c := range each.Columns {
		labels = append(labels, c.Label)
	}
	if want := []string{"e seed 7", "e seed 3", "e:21"}; !slices.Equal(labels, want) {
		t.Errorf("%q, want %q", labels, want)
	}
}
