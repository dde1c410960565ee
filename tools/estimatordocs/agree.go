package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/store"
)

// Agreement is how far the scores of one estimator agree with those that somebody published of the same architectures.
type Agreement struct {
	Table     string   `json:"table"`
	Estimator string   `json:"estimator"`
	Label     string   `json:"label"`
	N         int      `json:"n"`
	Rho       *float64 `json:"rho"`   // Spearman's, with the published scores; nil where undefined
	Again     *float64 `json:"again"` // Spearman's, with our own scores of the second seed; nil without
	AgainN    int      `json:"again_n"`
}

// agree compares scores that bench301 score --out kept with the columns of their names in a table, and writes the
// coefficients into docs/estimators.json.
func agree(args []string) error {
	f := flag.NewFlagSet("agree", flag.ContinueOnError)
	table := f.String("table", "../shared/data/nb301/zen_nwot.csv", "architectures with published scores")
	scores := f.String("scores", "scores.jsonl", "our scores of the same architectures, in both seeds where there are")
	if err := f.Parse(args); err != nil {
		return err
	}
	rows, err := readTable(*table)
	if err != nil {
		return err
	}
	kept, err := store.OpenJSONL(*scores)
	if err != nil {
		return err
	}
	records, err := store.Collect(kept.All())
	if err = errors.Join(err, kept.Close()); err != nil {
		return err
	}
	found, err := agreements(filepath.Base(*table), rows, records)
	if err != nil {
		return err
	}
	m, err := readMeasurements(measured)
	if err != nil {
		return err
	}
	m.Published = found
	return writeJSON(measured, m)
}

// agreements has one for every label that is scored and whose estimator is a column.
func agreements(table string, rows []bench301.Item, records []store.Record) ([]Agreement, error) {
	type seeds [2]map[string]float64 // scores by id
	scores := map[string]*seeds{}
	var out []Agreement
	for _, r := range records {
		if r.Score == nil || r.Seed > secondSeed {
			continue
		}
		c, err := estimators.New(r.Estimator, r.Settings)
		if err != nil {
			return nil, err
		}
		if scores[c.Label] == nil {
			scores[c.Label] = &seeds{{}, {}}
			out = append(out, Agreement{Table: table, Estimator: c.Info.Name, Label: c.Label})
		}
		scores[c.Label][r.Seed][r.ID] = *r.Score
	}
	var kept []Agreement
	for _, a := range out {
		var pairs, again [2][]float64
		own := scores[a.Label]
		for _, row := range rows {
			id := row.Architecture.ID()
			first, ok := own[firstSeed][id]
			text, published := row.Field(a.Estimator)
			if !ok || !published || strings.TrimSpace(text) == "" {
				continue
			}
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %s: %w", row.File, row.Line, a.Estimator, err)
			}
			pairs[0], pairs[1] = append(pairs[0], first), append(pairs[1], v)
			if second, ok := own[secondSeed][id]; ok {
				again[0], again[1] = append(again[0], first), append(again[1], second)
			}
		}
		a.N, a.AgainN = len(pairs[0]), len(again[0])
		for _, c := range []struct {
			pairs [2][]float64
			rho   **float64
		}{{pairs, &a.Rho}, {again, &a.Again}} {
			if len(c.pairs[0]) < fewest {
				continue
			}
			rho, err := correlation.Spearman(c.pairs[0], c.pairs[1])
			if err == nil {
				*c.rho = &rho
			} else if !errors.Is(err, correlation.ErrUndefined) {
				return nil, err
			}
		}
		if a.N >= fewest {
			kept = append(kept, a)
		}
	}
	return kept, nil
}

// renderPublished writes the table of agreements with other published scores.
func (m Measurements) renderPublished(b *strings.Builder) {
	if len(m.Published) == 0 {
		return
	}
	b.WriteString("\n## Beside NASLib's scores\n\n" + fill(fmt.Sprintf(`Scores of our own beside those of another
published table of NAS-Bench-301, %s: NASLib's zen and nwot, computed with batches of 64, as ours are here. *rho*:
Spearman's, over n architectures, every 17th row of the table. *seeds*: Spearman's between two seeds of ours, over k of
them: the most that rho could be expected to reach. `+"`awk 'NR == 1 || NR %% 17 == 2' zen_nwot.csv > rows.csv`, "+
		"`bench301 score -e zen:batch=64 -e nwot:batch=64 --seed 0 "+
		"--data cifar10 --out scores.jsonl rows.csv`, again with `--seed 1`, and `go run ./tools/estimatordocs agree "+
		"-scores scores.jsonl`.", m.Published[0].Table), "") + `
| estimator | rho | n | seeds | k |
|---|---:|---:|---:|---:|
`)
	four := func(v *float64, n int) (string, string) {
		if v == nil {
			return "", ""
		}
		return fmt.Sprintf("%+.4f", *v), fmt.Sprint(n)
	}
	for _, a := range m.Published {
		rho, n := four(a.Rho, a.N)
		again, k := four(a.Again, a.AgainN)
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", plain(a.Label), rho, n, again, k)
	}
}
