package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/moo"
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
	Bounded   []float64 `json:"-"` // what the budgets bound, in their order; NaN where it is not known
}

// The axes in which fronts are judged.
const (
	ErrorAxis = iota
	ParamsAxis
	MACsAxis
)

// AxisNames are what the axes are called.
var AxisNames = []string{"error", "params", "MACs"}

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
	Front       int       `json:"front"`                // members with an accuracy
	Unjudged    int       `json:"unjudged"`             // members that the accuracy source does not know; not in Front
	Estimated   float64   `json:"hv_estimates"`         // of the estimates, in a box of their objectives
	ErrorParams float64   `json:"hv_error_params"`      // of the re-evaluated front, in the box of the report
	ErrorMACs   float64   `json:"hv_error_macs"`        //
	All         float64   `json:"hv_error_params_macs"` //
	IGDPlus     float64   `json:"igd_plus"`             // to the union of all re-evaluated fronts, in the same box
	Best        float64   `json:"best_accuracy"`        // percent, of the front
	BestUnder   []float64 `json:"best_under"`           // percent, under each budget; NaN if the front has nothing there

	evaluated []int // evaluations up to each generation; nil where they are not known
}

// SearchPoint is a search after a generation, for curves.
type SearchPoint struct {
	Evaluations int     `json:"evaluations"`
	Hypervolume float64 `json:"hv_error_params_macs"`
	Best        float64 `json:"best_accuracy"`
	Optimised   float64 `json:"-"` // hypervolume in the axes that the method minimises; 0 of fewer than two
}

// Trained is a search after one more of its architectures, had each of them been trained as it was evaluated.
type Trained struct {
	Hours float64 `json:"hours"`         // of training all until then, as a surrogate predicts
	Best  float64 `json:"best_accuracy"` // percent, of those that keep to the limits; NaN before the first
}

// Setup says what searches were asked to do.
type Setup struct {
	Name        string   `json:"name"`
	Space       string   `json:"space"`
	Methods     []Method `json:"methods"`
	Population  int      `json:"population"`  // also the size of a generation
	Generations int      `json:"generations"` // with Population, the evaluations of every method
	Seeds       []uint64 `json:"seeds"`       // one run a method and seed
	Weights     string   `json:"weights"`     // which random weights estimators see: common or fresh
	Limits      []Limit  `json:"limits,omitempty"`
	Budgets     []Limit  `json:"budgets,omitempty"` // under which the best accuracy is reported
}

// Method is an algorithm with what it minimises.
type Method struct {
	Name       string   `json:"name"`
	Algorithm  string   `json:"algorithm"`
	Objectives []string `json:"objectives"`
}

// Limit bounds an objective from above: its value as it is minimised, or a count as it is counted.
type Limit struct {
	Objective string  `json:"objective"`
	Max       float64 `json:"max"`
	Value     string  `json:"-"` // what is bounded where it is not called as the objective, such as 100 - accuracy
}

// String writes the limit as tables do: macs <= 100M.
func (l Limit) String() string { return cmp.Or(l.Value, l.Objective) + " <= " + Short(l.Max) }

// Evaluations is what every search may ask for.
func (s Setup) Evaluations() int { return s.Population * s.Generations }

// Searched is one search as far as it has come, with its re-evaluated front after each generation, at least one.
type Searched struct {
	Method      string
	Seed        uint64
	Generations int
	Evaluations int
	Distinct    int
	Failures    int
	Unjudged    []Found // members of the last front without an accuracy
	Fronts      [][]Found
	Evaluated   []int     // evaluations up to each of them; nil where they are not known, then they grow evenly
	Training    []Trained // after each distinct architecture, in the order of evaluation; nil where it is not known
}

// Fronts judges searches by the accuracy source.
type Fronts struct {
	From     Provenance
	Space    bench301.Space
	Setup    Setup
	Images   string   // that estimators saw, as they were asked for
	Data     string   // data of the objectives' questions
	Cites    []string // BibTeX keys of what the objectives cite
	Rows     []SearchRow
	Found    []Found
	Unjudged []Found                    // members of fronts without an accuracy, which nothing is measured of
	Curves   map[string][][]SearchPoint // by method, one a seed
	Training map[string][][]Trained     // by method, one a seed that is known
	Trainer  Trainer                    // what the hours of Training are
	Known    []Found                    // published networks, Method their name
	Missing  int                        // searches that are not finished
	Failed   map[string]int             // architectures that could not be scored, by the reason
	Axes     map[string][]int           // by method: what it minimises of error, parameters and MACs, ascending
	Box      moo.Box                    // of error, parameters and MACs, in which fronts are measured; reference (1, 1, 1)

	generations map[string][][][]Found // by method, one a seed: the front after each generation
}

// Trainer is the surrogate of the hours that training takes.
type Trainer struct {
	Name           string
	Asked, Outside int // architectures, and those unlike its training data
}

// Judge measures what searches found. The error is that of ctx.
func (f *Fronts) Judge(ctx context.Context, searched []Searched) error {
	f.Curves, f.generations = map[string][][]SearchPoint{}, map[string][][][]Found{}
	f.Training = map[string][][]Trained{}
	for _, s := range searched {
		final := s.Fronts[len(s.Fronts)-1]
		f.generations[s.Method] = append(f.generations[s.Method], s.Fronts)
		f.Rows = append(f.Rows, SearchRow{
			Method: s.Method, Seed: s.Seed, Generations: s.Generations, Evaluations: s.Evaluations, Distinct: s.Distinct,
			Failures: s.Failures, Front: len(final), Unjudged: len(s.Unjudged), evaluated: s.Evaluated,
		})
		if s.Training != nil {
			f.Training[s.Method] = append(f.Training[s.Method], s.Training)
		}
		f.Found, f.Unjudged = append(f.Found, final...), append(f.Unjudged, s.Unjudged...)
	}
	f.Missing += len(f.Setup.Methods)*len(f.Setup.Seeds) - len(searched)
	for _, s := range searched {
		if s.Evaluations < f.Setup.Evaluations() {
			f.Missing++
		}
	}
	if err := f.measure(ctx); err != nil {
		return err
	}
	return f.indicate(ctx)
}

// AfterGenerations lists the front of a method's first seed after each generation.
func (f *Fronts) AfterGenerations(method string) [][]Found {
	if all := f.generations[method]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// OwnBox is the box that other work uses for the space, if there is one.
func (r *Fronts) OwnBox() (box bench301.ObjectiveBox, ok bool) {
	if b, bounded := r.Space.(bench301.Bounded); bounded {
		return b.ObjectiveBox(), true
	}
	return box, false
}

// measure chooses the box, and follows every search in it. A space may have a box that other work uses; elsewhere it is
// the one around all fronts, with a tenth to spare where they are worst, so that their ends count. Nothing is clipped.
func (r *Fronts) measure(ctx context.Context) error {
	if box, ok := r.OwnBox(); ok {
		r.Box = moo.Box{Low: box.Low[:], High: box.High[:]}
	} else {
		r.Box, _ = moo.BoxOf(costsOf(r.Found)) // without any front there is nothing to measure
		for k := range r.Box.High {
			r.Box.High[k] += float64(0.1 * (r.Box.High[k] - r.Box.Low[k]))
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
			hv, err := r.volume(ctx, front, 0, 1, 2)
			if err != nil {
				return err
			}
			point := SearchPoint{row.Evaluations * (g + 1) / row.Generations, hv, best(front, nil), 0}
			if row.evaluated != nil {
				point.Evaluations = row.evaluated[g]
			}
			if axes := r.Axes[row.Method]; len(axes) > 1 {
				if point.Optimised, err = r.volume(ctx, front, axes...); err != nil {
					return err
				}
			}
			points = append(points, point)
		}
		r.Curves[row.Method] = append(r.Curves[row.Method], points)
	}
	return nil
}

// BoxNote says what the hypervolumes are measured in.
func (r *Fronts) BoxNote() string {
	if len(r.Found) == 0 {
		return "There is no front to measure."
	}
	if b, ok := r.OwnBox(); ok {
		return fmt.Sprintf("Hypervolumes lie in %s (error %g-%g, params %.0f-%.0f, MACs %.0f-%.0f; reference 1), IGD+ is to "+
			"the union of all fronts in the same box; nothing is clipped.",
			b.Name, b.Low[0], b.High[0], b.Low[1], b.High[1], b.Low[2], b.High[2])
	}
	return fmt.Sprintf("Hypervolumes lie in the box around all fronts of this report, a tenth wider where they are worst "+
		"(error %.4f-%.4f, params %.0f-%.0f, MACs %.0f-%.0f; reference 1), so they do not compare with other reports; IGD+ "+
		"is to the union of all fronts in the same box.",
		r.Box.Low[0], r.Box.High[0], r.Box.Low[1], r.Box.High[1], r.Box.Low[2], r.Box.High[2])
}

// volume is the hypervolume of a front in the box, in some of error, parameters and MACs.
func (r *Fronts) volume(ctx context.Context, front []Found, axes ...int) (float64, error) {
	if len(r.Box.Low) == 0 {
		return 0, nil
	}
	points := make([][]float64, len(front))
	for i, f := range r.Box.Scale(costsOf(front)) {
		for _, k := range axes {
			points[i] = append(points[i], f[k])
		}
	}
	return moo.HypervolumeWithin(ctx, points, []float64{1, 1, 1}[:len(axes)])
}

func costsOf(front []Found) [][]float64 {
	out := make([][]float64, len(front))
	for i, f := range front {
		out[i] = f.costs()
	}
	return out
}

// best is the highest accuracy of those members of a front that count, nil for all; NaN if there is none.
func best(front []Found, counts func(Found) bool) float64 {
	top := math.NaN()
	for _, f := range front {
		if (counts == nil || counts(f)) && !(f.Accuracy <= top) {
			top = f.Accuracy
		}
	}
	return top
}

// Unreached lists the budgets that no member of a front keeps to, each with the least that the fronts have; NaN where
// nothing is known.
func (r *Fronts) Unreached() (budgets []Limit, least []float64) {
	for i, b := range r.Setup.Budgets {
		low := math.NaN()
		for _, f := range slices.Concat(r.Found, r.Unjudged) {
			if !(f.Bounded[i] >= low) && !math.IsNaN(f.Bounded[i]) {
				low = f.Bounded[i]
			}
		}
		if !(low <= b.Max) {
			budgets, least = append(budgets, b), append(least, low)
		}
	}
	return budgets, least
}

// indicate fills in the indicators, some of which need all fronts.
func (r *Fronts) indicate(ctx context.Context) (err error) {
	union := nonDominated(r.Found)
	reference := r.Box.Scale(costsOf(union))
	boxes := r.estimateBoxes()
	for i := range r.Rows {
		row := &r.Rows[i]
		front := r.Front(row.Method, row.Seed)
		for _, v := range []struct {
			into *float64
			axes []int
		}{{&row.ErrorParams, []int{0, 1}}, {&row.ErrorMACs, []int{0, 2}}, {&row.All, []int{0, 1, 2}}} {
			if *v.into, err = r.volume(ctx, front, v.axes...); err != nil {
				return err
			}
		}
		row.Best = best(front, nil)
		for k, b := range r.Setup.Budgets {
			row.BestUnder = append(row.BestUnder, best(front, func(f Found) bool { return f.Bounded[k] <= b.Max }))
		}
		row.IGDPlus = math.NaN()
		if igd, err := moo.IGDPlus(r.Box.Scale(costsOf(front)), reference); err == nil {
			row.IGDPlus = igd
		}
		if box, ok := boxes[row.Method]; ok {
			if row.Estimated, err = estimatedVolume(ctx, front, box); err != nil {
				return err
			}
		}
	}
	return nil
}

// Failures counts the architectures that could not be scored, and all that were asked about.
func (r *Fronts) Failures() (failed, all int) {
	for _, row := range r.Rows {
		failed, all = failed+row.Failures, all+row.Distinct
	}
	return failed, all
}

// Front lists what one search found.
func (r *Fronts) Front(method string, seed uint64) (out []Found) {
	for _, f := range r.Found {
		if f.Method == method && f.Seed == seed {
			out = append(out, f)
		}
	}
	return out
}

// nonDominated keeps what no other dominates in error, parameters and MACs.
func nonDominated(all []Found) []Found {
	var a moo.Archive[Found]
	for _, f := range all {
		a.Add(moo.Individual[Found]{X: f, Outcome: moo.Outcome{Objectives: f.costs()}})
	}
	out := make([]Found, len(a.Members))
	for i, m := range a.Members {
		out[i] = m.X
	}
	return out
}

// estimateBoxes is, for each method, the box around the estimates of all methods that minimise the same objectives.
func (r *Fronts) estimateBoxes() map[string]moo.Box {
	boxes := map[string]moo.Box{}
	for _, m := range r.Setup.Methods {
		var points [][]float64
		for _, other := range r.Setup.Methods {
			if slices.Equal(m.Objectives, other.Objectives) {
				for _, f := range r.Found {
					if f.Method == other.Name {
						points = append(points, f.Estimates)
					}
				}
			}
		}
		if box, err := moo.BoxOf(points); err == nil {
			boxes[m.Name] = box
		}
	}
	return boxes
}

// estimatedVolume is the hypervolume of estimates up to a tenth beyond their box, so that its corners count.
func estimatedVolume(ctx context.Context, front []Found, box moo.Box) (float64, error) {
	points := make([][]float64, len(front))
	for i, f := range front {
		points[i] = f.Estimates
	}
	return moo.HypervolumeWithin(ctx, box.Scale(points), []float64{1.1, 1.1, 1.1}[:len(box.Low)])
}
