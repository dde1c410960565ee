package bench301

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"rwe301/internal/strictjson"
)

// Population is the last population of one run of a search on EvoXBench's problems over the DARTS space, C-10/MOP8 (two
// objectives) and C-10/MOP9 (three), as the CEC 2023 competition on them publishes it: an object {run, X, F, HV}.
type Population struct {
	Run        string      // its number or name
	Genes      []Repeating // X, one a solution
	Objectives [][]float64 // F, one a solution, minimised: error as a fraction, parameters, and of MOP9 flops
	Recorded   float64     // HV, the hypervolume that the file says; NaN where it says none
}

// PopulationObjectives are what EvoXBench's objectives are called, in order.
var PopulationObjectives = []string{"error", "params", "flops"}

// ErrNoPopulations says that a text is no file of populations at all.
var ErrNoPopulations = errors.New("no populations of EvoXBench: want a JSON list of {run, X, F, HV}")

// maxRuns and maxSolutions bound what one file holds.
const maxRuns, maxSolutions = 10_000, 1 << 20

// ReadPopulations reads a file of populations. Errors name the run and the solution, which is counted from 1.
func ReadPopulations(data []byte) ([]Population, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	var runs []json.RawMessage
	if err := strictjson.Unmarshal(strictjson.Quote([]byte(text)), &runs); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPopulations, err)
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("%w; the list is empty", ErrNoPopulations)
	}
	if len(runs) > maxRuns {
		return nil, fmt.Errorf("%d runs: at most %d are read", len(runs), maxRuns)
	}
	var out []Population
	seen := map[string]int{}
	total := 0
	for i, raw := range runs {
		p, err := parsePopulation(raw, i+1)
		if err != nil {
			return nil, err
		}
		if other, ok := seen[p.Run]; ok {
			return nil, fmt.Errorf("run %s stands there twice, as element %d and %d: remove or renumber one", p.Run, other, i+1)
		}
		seen[p.Run] = i + 1
		if of, n := len(p.Objectives[0]), len(out); n > 0 && of != len(out[0].Objectives[0]) {
			return nil, fmt.Errorf("run %s has %d objectives, run %s %d: a file is of one problem", p.Run, of, out[0].Run,
				len(out[0].Objectives[0]))
		}
		if total += len(p.Genes); total > maxSolutions {
			return nil, fmt.Errorf("run %s: more than %d solutions in all", p.Run, maxSolutions)
		}
		out = append(out, p)
	}
	return out, nil
}

// parsePopulation reads element n of a file.
func parsePopulation(raw []byte, n int) (p Population, err error) {
	var of struct {
		Run json.RawMessage     `json:"run"`
		X   [][]json.RawMessage `json:"X"`
		F   [][]json.RawMessage `json:"F"`
		HV  json.RawMessage     `json:"HV"`
	}
	if err := strictjson.Unmarshal(raw, &of); err != nil {
		return p, fmt.Errorf("element %d: %w", n, err)
	}
	if p.Run, err = runName(of.Run, n); err != nil {
		return p, fmt.Errorf("element %d: %w", n, err)
	}
	fail := func(format string, args ...any) (Population, error) {
		return Population{}, fmt.Errorf("run %s: %w", p.Run, fmt.Errorf(format, args...))
	}
	switch {
	case len(of.X) == 0 || len(of.F) == 0:
		return fail("it has no solutions: X holds the genes of each, F its objectives")
	case len(of.X) != len(of.F):
		return fail("X has %d solutions, F %d: must be equally many", len(of.X), len(of.F))
	}
	for i := range of.X {
		g, err := genes(of.X[i])
		if err != nil {
			return fail("solution %d: %w", i+1, err)
		}
		f, err := objectives(of.F[i])
		if err == nil && i > 0 && len(f) != len(p.Objectives[0]) {
			err = fmt.Errorf("%d objectives: the solutions before it have %d", len(f), len(p.Objectives[0]))
		}
		if err != nil {
			return fail("solution %d: %w", i+1, err)
		}
		p.Genes, p.Objectives = append(p.Genes, g), append(p.Objectives, f)
	}
	p.Recorded = math.NaN()
	if of.HV != nil && string(of.HV) != "null" {
		if p.Recorded, err = finite(of.HV); err != nil {
			return fail("HV: %w", err)
		}
	}
	return p, nil
}

// maxRunName bounds the name of a run.
const maxRunName = 60

func runName(raw json.RawMessage, n int) (string, error) {
	var name string
	switch {
	case raw == nil:
		return strconv.Itoa(n), nil
	case json.Unmarshal(raw, &name) == nil && name != "" && len(name) <= maxRunName:
		return name, nil
	}
	if v, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return strconv.FormatInt(v, 10), nil
	}
	return "", fmt.Errorf("run %s: must be a whole number or a short name", clip(string(raw)))
}

// genes reads the 32 genes of a solution.
func genes(raw []json.RawMessage) (Repeating, error) {
	l := literal{kind: listLiteral}
	for _, v := range raw {
		l.items = append(l.items, literal{kind: numberLiteral, text: string(v)})
	}
	g, err := decodeEvoXBench(l)
	if err != nil {
		return Repeating{}, err
	}
	return Repeating(g), Repeating(g).Validate()
}

func objectives(raw []json.RawMessage) ([]float64, error) {
	if len(raw) < 2 || len(raw) > len(PopulationObjectives) {
		return nil, fmt.Errorf("%d objectives: C-10/MOP8 has 2 (error, params), C-10/MOP9 3 (error, params, flops)", len(raw))
	}
	out := make([]float64, len(raw))
	for i, v := range raw {
		var err error
		if out[i], err = finite(v); err != nil {
			return nil, fmt.Errorf("%s: %w", PopulationObjectives[i], err)
		}
	}
	return out, nil
}

func finite(raw json.RawMessage) (float64, error) {
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || v-v != 0 {
		return 0, fmt.Errorf("%s: must be a finite number", clip(string(raw)))
	}
	return v, nil
}

// isPopulation tells an element of a file of populations.
func isPopulation(members []member) bool {
	has := map[string]bool{}
	for _, m := range members {
		has[m.key] = strings.HasPrefix(strings.TrimLeft(m.raw, " "), "[")
	}
	return has["X"] && has["F"]
}

// population hands on the solutions of one run, under the names "run 3, solution 17".
func (p *reader) population(line int, text string) error {
	p.populations++
	run, err := parsePopulation(strictjson.Quote([]byte(text)), p.populations)
	if err == nil && p.Notation != "" && p.Notation != NotationEvoXBench {
		err = fmt.Errorf("populations of EvoXBench are not written in notation %s", p.Notation)
	}
	if err != nil {
		return p.at(line, err)
	}
	p.bare = true
	for i, r := range run.Genes {
		name := fmt.Sprintf("run %s, solution %d", run.Run, i+1)
		g := Genotype(r)
		a, changed, err := p.settle(g, g.Validate())
		if err != nil {
			return p.at(line, fmt.Errorf("%s: %w", name, err))
		}
		item := Item{Architecture: a, Notation: NotationEvoXBench, Name: name, Line: line, Repaired: changed}
		for k, v := range run.Objectives[i] {
			item.Fields = append(item.Fields, Field{PopulationObjectives[k], strconv.FormatFloat(v, 'g', -1, 64)})
		}
		if err := p.hand(item); err != nil {
			return err
		}
	}
	return nil
}
