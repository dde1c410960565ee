package study

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/search"
)

// Found is a member of a search's front: non-dominated among all that the search evaluated, by its own estimates.
type Found struct {
	Method    string    `json:"method"`
	Seed      uint64    `json:"seed"`
	Arch      string    `json:"arch"`
	ID        string    `json:"id"`
	Estimates []float64 `json:"estimates"` // minimised values, in the order of the method's objectives
	Accuracy  float64   `json:"accuracy"`  // percent, by the accuracy source
	Params    int64     `json:"params"`
	MACs      int64     `json:"macs"`
}

// costs are the minimised values that fronts are judged by, whatever they were searched with: error as a fraction,
// parameters and MACs.
func (f Found) costs() []float64 {
	return []float64{1 - f.Accuracy/100, float64(f.Params), float64(f.MACs)}
}

// SearchRow are the indicators of one search.
type SearchRow struct {
	Method      string    `json:"method"`
	Seed        uint64    `json:"seed"`
	Generations int       `json:"generations"`
	Evaluations int       `json:"evaluations"`
	Distinct    int       `json:"distinct"`
	Failures    int       `json:"failures"`
	Front       int       `json:"front"`                // members
	Estimated   float64   `json:"hv_estimates"`         // hypervolume of the estimates, in the box of all runs with the same objectives
	ErrorParams float64   `json:"hv_error_params"`      // of the re-evaluated front, in the box of the report
	ErrorMACs   float64   `json:"hv_error_macs"`        //
	All         float64   `json:"hv_error_params_macs"` //
	IGDPlus     float64   `json:"igd_plus"`             // to the union of all re-evaluated fronts, in the same box
	Best        float64   `json:"best_accuracy"`        // percent, of the front
	BestUnder   []float64 `json:"best_under"`           // percent, under each budget; NaN if the front has nothing there
}

// Snapshot of a search after a generation, for curves.
type SearchPoint struct {
	Evaluations int     `json:"evaluations"`
	Hypervolume float64 `json:"hv_error_params_macs"`
	Best        float64 `json:"best_accuracy"`
}

// SearchReport judges searches by the accuracy source.
type SearchReport struct {
	Manifest SearchManifest             `json:"manifest"`
	Rows     []SearchRow                `json:"runs"`
	Found    []Found                    `json:"fronts"`
	Curves   map[string][][]SearchPoint `json:"curves"`  // by method, one a seed
	Known    []Found                    `json:"known"`   // published networks, method = name
	Missing  int                        `json:"missing"` // searches that are not finished
	Box      search.Box                 `json:"box"`     // of error, parameters and MACs, in which fronts are measured; reference (1, 1, 1)

	generations map[string][][][]Found // by method, one a seed: the front after each generation
}

// Report re-evaluates the fronts of the searches as far as they have come.
func (s *Searches) Report(ctx context.Context) (*SearchReport, error) {
	r := &SearchReport{Manifest: s.Manifest, Curves: map[string][][]SearchPoint{}, generations: map[string][][][]Found{}}
	d := s.Manifest.Definition
	j := &judge{searches: s, known: map[string]Found{}}
	for _, m := range d.Methods {
		for _, seed := range d.Seeds {
			snapshot, history, ok, err := (checkpoint{s.Store, searchName(m, seed)}).Load()
			if err != nil {
				return nil, err
			}
			if !ok || snapshot.Evaluations < d.Population*d.Generations {
				r.Missing++
			}
			if !ok {
				continue
			}
			fronts, err := j.generations(ctx, m, seed, snapshot, history)
			if err != nil {
				return nil, err
			}
			final := fronts[len(fronts)-1]
			r.generations[m.Name] = append(r.generations[m.Name], fronts)
			row := SearchRow{
				Method: m.Name, Seed: seed, Generations: snapshot.Generation, Evaluations: snapshot.Evaluations, Distinct: len(history), Front: len(final),
			}
			for _, e := range history {
				if e.Failed != "" {
					row.Failures++
				}
			}
			r.Rows = append(r.Rows, row)
			r.Found = append(r.Found, final...)
		}
	}
	r.measure(d)
	r.indicate(d)
	for _, k := range bench301.KnownNetworks(s.space) {
		f, err := j.judge(ctx, k.Architecture.String())
		if err != nil {
			return nil, err
		}
		f.Method = k.Name
		r.Known = append(r.Known, f)
	}
	return r, nil
}

// judge looks up accuracies and counts, each architecture once.
type judge struct {
	searches *Searches
	known    map[string]Found
}

func (j *judge) judge(ctx context.Context, text string) (Found, error) {
	if f, ok := j.known[text]; ok {
		return f, nil
	}
	a, _, err := j.searches.space.Parse(text)
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", j.searches.Dir, err)
	}
	f := Found{Arch: text, ID: a.ID()}
	c, err := a.Complexity(bench301.DefaultConfig())
	if err != nil {
		return f, err
	}
	f.Params, f.MACs = c.Params, c.MACs
	truth := j.searches.plan.Questions[0]
	score, err := answered(ctx, truth.scorer, a, estimators.NewEnv(nil, 0))
	if err != nil {
		return f, err
	}
	f.Accuracy = score.Value
	if score.Status != estimators.OK {
		f.Accuracy = math.NaN() // the source does not know it; it takes no part in what follows
	}
	j.known[text] = f
	return f, nil
}

// generations follows a search: its re-evaluated front after each generation, at least one.
func (j *judge) generations(ctx context.Context, m SearchMethod, seed uint64, s search.Snapshot[string], history []search.Evaluated[string]) (fronts [][]Found, err error) {
	var archive search.Archive[string]
	at := 0
	for g := 1; g <= s.Generation; g++ {
		for ; at < len(history) && history[at].Generation <= g; at++ {
			archive.Add(search.Individual[string]{X: history[at].X, Outcome: history[at].Outcome})
		}
		var front []Found
		for _, member := range archive.Members {
			f, err := j.judge(ctx, member.X)
			if err != nil {
				return nil, err
			}
			f.Method, f.Seed, f.Estimates = m.Name, seed, member.Objectives
			if !math.IsNaN(f.Accuracy) {
				front = append(front, f)
			}
		}
		slices.SortFunc(front, func(a, b Found) int { return cmp.Or(cmp.Compare(a.MACs, b.MACs), cmp.Compare(a.ID, b.ID)) })
		fronts = append(fronts, front)
	}
	if len(fronts) == 0 {
		fronts = [][]Found{nil}
	}
	return fronts, nil
}

// objectiveBox is the box that other work uses for the space, if there is one.
func (d SearchDefinition) objectiveBox() (box bench301.ObjectiveBox, ok bool) {
	space, _ := bench301.LookupSpace(d.Space)
	if b, bounded := space.(bench301.Bounded); bounded {
		return b.ObjectiveBox(), true
	}
	return box, false
}

// measure chooses the box, and follows every search in it. A space may have a box that other work uses; elsewhere it is
// the one around all fronts, with a tenth to spare where they are worst, so that their ends count. Nothing is clipped.
func (r *SearchReport) measure(d SearchDefinition) {
	box, ok := d.objectiveBox()
	r.Box = search.Box{Low: box.Low[:], High: box.High[:]}
	if !ok {
		r.Box, _ = search.BoxOf(costsOf(r.Found)) // without any front there is nothing to measure
		for k := range r.Box.High {
			r.Box.High[k] += 0.1 * (r.Box.High[k] - r.Box.Low[k])
		}
	}
	at := map[string]int{}
	for _, row := range r.Rows {
		fronts := r.generations[row.Method][at[row.Method]]
		at[row.Method]++
		var points []SearchPoint
		for g, front := range fronts {
			if row.Generations == 0 {
				break
			}
			points = append(points, SearchPoint{row.Evaluations * (g + 1) / row.Generations, r.volume(front, 0, 1, 2), best(front, math.Inf(1), nil)})
		}
		r.Curves[row.Method] = append(r.Curves[row.Method], points)
	}
}

// boxNote says what the hypervolumes are measured in.
func (r *SearchReport) boxNote() string {
	if b, ok := r.Manifest.Definition.objectiveBox(); ok {
		return fmt.Sprintf("Hypervolumes lie in %s (error %g-%g, params %.0f-%.0f, MACs %.0f-%.0f; reference 1), IGD+ is to the union of all fronts in the same box; nothing is clipped.",
			b.Name, b.Low[0], b.High[0], b.Low[1], b.High[1], b.Low[2], b.High[2])
	}
	if len(r.Box.Low) == 0 {
		return "There is no front to measure."
	}
	return fmt.Sprintf("Hypervolumes lie in the box around all fronts of this report, a tenth wider where they are worst (error %.4f-%.4f, params %.0f-%.0f, MACs %.0f-%.0f; reference 1), so they do not compare with other reports; IGD+ is to the union of all fronts in the same box.",
		r.Box.Low[0], r.Box.High[0], r.Box.Low[1], r.Box.High[1], r.Box.Low[2], r.Box.High[2])
}

// volume is the hypervolume of a front in the box, in some of error, parameters and MACs.
func (r *SearchReport) volume(front []Found, axes ...int) float64 {
	if len(r.Box.Low) == 0 {
		return 0
	}
	points := make([][]float64, len(front))
	for i, f := range r.Box.Scale(costsOf(front)) {
		for _, k := range axes {
			points[i] = append(points[i], f[k])
		}
	}
	hv, err := search.Hypervolume(points, []float64{1, 1, 1}[:len(axes)])
	if err != nil {
		panic(err) // the points have as many axes as the reference
	}
	return hv
}

func costsOf(front []Found) [][]float64 {
	out := make([][]float64, len(front))
	for i, f := range front {
		out[i] = f.costs()
	}
	return out
}

// best is the highest accuracy of a front where a cost stays below a bound; NaN if there is none.
func best(front []Found, bound float64, cost func(Found) float64) float64 {
	top := math.NaN()
	for _, f := range front {
		if (cost == nil || cost(f) <= bound) && !(f.Accuracy <= top) {
			top = f.Accuracy
		}
	}
	return top
}

// budgetCosts are the costs that budgets can bound.
var budgetCosts = map[string]func(Found) float64{
	"params": func(f Found) float64 { return float64(f.Params) },
	"macs":   func(f Found) float64 { return float64(f.MACs) },
}

// indicate fills in the indicators, some of which need all fronts.
func (r *SearchReport) indicate(d SearchDefinition) {
	union := nonDominated(r.Found)
	reference := r.Box.Scale(costsOf(union))
	boxes := r.estimateBoxes(d)
	for i := range r.Rows {
		row := &r.Rows[i]
		front := r.front(row.Method, row.Seed)
		row.ErrorParams, row.ErrorMACs, row.All = r.volume(front, 0, 1), r.volume(front, 0, 2), r.volume(front, 0, 1, 2)
		row.Best = best(front, math.Inf(1), nil)
		for _, b := range d.Budgets {
			row.BestUnder = append(row.BestUnder, best(front, b.Max, budgetCosts[b.Objective]))
		}
		row.IGDPlus = math.NaN()
		if igd, err := search.IGDPlus(r.Box.Scale(costsOf(front)), reference); err == nil {
			row.IGDPlus = igd
		}
		if box, ok := boxes[row.Method]; ok {
			row.Estimated = estimatedVolume(front, box)
		}
	}
}

// front lists what one search found.
func (r *SearchReport) front(method string, seed uint64) (out []Found) {
	for _, f := range r.Found {
		if f.Method == method && f.Seed == seed {
			out = append(out, f)
		}
	}
	return out
}

// nonDominated keeps what no other dominates in error, parameters and MACs.
func nonDominated(all []Found) []Found {
	var a search.Archive[Found]
	for _, f := range all {
		a.Add(search.Individual[Found]{X: f, Outcome: search.Outcome{Objectives: f.costs()}})
	}
	out := make([]Found, len(a.Members))
	for i, m := range a.Members {
		out[i] = m.X
	}
	return out
}

// estimateBoxes is, for each method, the box around the estimates of all methods that minimise the same objectives.
func (r *SearchReport) estimateBoxes(d SearchDefinition) map[string]search.Box {
	boxes := map[string]search.Box{}
	for _, m := range d.Methods {
		var points [][]float64
		for _, other := range d.Methods {
			if slices.Equal(m.Objectives, other.Objectives) {
				for _, f := range r.Found {
					if f.Method == other.Name {
						points = append(points, f.Estimates)
					}
				}
			}
		}
		if box, err := search.BoxOf(points); err == nil {
			boxes[m.Name] = box
		}
	}
	return boxes
}

// estimatedVolume is the hypervolume of estimates up to a tenth beyond their box, so that its corners count.
func estimatedVolume(front []Found, box search.Box) float64 {
	points := make([][]float64, len(front))
	for i, f := range front {
		points[i] = f.Estimates
	}
	hv, err := search.Hypervolume(box.Scale(points), []float64{1.1, 1.1, 1.1}[:len(box.Low)])
	if err != nil {
		panic(err)
	}
	return hv
}
