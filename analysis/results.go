package analysis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/store"
)

// Provenance says where results come from.
type Provenance struct {
	Dir       string // run folder or file, for messages
	Name      string
	Records   bool // single records rather than a run with a definition
	Space     string
	Origin    string // of the architectures
	Truth     string // what the accuracies are
	Predicted bool   // the accuracies are those of a surrogate
	Part      string // of the study, such as 3/16; empty for the whole
	Code      string // version of the program
	Go        string
	Platform  string
	CPU       string
	Cores     int
	Created   time.Time
	Notes     []string // what a reader should know
}

// Made says what made the scores, where they are several kinds in a note too; begun is what began a run, which counts
// where there is no score yet.
func (p *Provenance) Made(begun store.Origin, by []store.Origin) {
	if len(by) == 0 {
		by = []store.Origin{begun}
	}
	var codes, processors, all []string
	for _, o := range by {
		codes, processors = include(codes, o.Code), include(processors, o.CPU)
		all = append(all, fmt.Sprintf("bench301 %s on %s", o.Code, cmp.Or(o.CPU, "an unknown processor")))
	}
	p.Code, p.CPU = strings.Join(codes, ", "), strings.Join(processors, ", ")
	if len(by) > 1 {
		p.Notes = append(p.Notes, "The scores were made by several versions or processors, whose last digits may differ: "+
			strings.Join(all, "; ")+".")
	}
}

// Results are scores as vectors over architectures, whether they come from a run folder, from files of records or from
// a published table.
type Results struct {
	From          Provenance
	Space         bench301.Space
	Architectures []store.Named
	Truth         []float64 // accuracy of each architecture; NaN where there is none; nil without accuracies
	Columns       []*Column // one a question, accuracies left out

	// Populations are the generations of the searches that the architectures come from: by method, seed and generation,
	// in the order of the searches; nil where there were none.
	Populations []Population

	ctx context.Context // of the analysis: what takes long over all architectures ends with it
}

// Population is one generation of one search. Its members are places among the architectures of the results, each once.
type Population struct {
	Method     string
	Seed       uint64
	Generation int   // from 1
	Born       []int // what the generation evaluated, before selection; also what an earlier one had evaluated already
	Survived   []int // what the next generation is bred from
}

// ended is the error of the analysis' context.
func (r *Results) ended() error {
	if r.ctx == nil {
		return nil
	}
	return r.ctx.Err()
}

// Column are the answers to one question. Scores of which lower is meant to be better are negated.
type Column struct {
	*store.Question
	Parts     []string    // labels of the columns that it combines; nil where it answers a question
	BySeed    [][]float64 // [seed][architecture], seeds as in Question.Seeds; NaN where there is no score
	Times     [][]float64 // seconds of these scores, of processors where they are known; else on the wall
	Walls     [][]float64 // seconds of these scores on the wall
	Asked     int         // architectures times seeds
	Undefined int
	Failed    int
	Missing   int
	Reason    string  // the commonest reason for a score that is missing
	Seconds   float64 // median over architectures of the sum over all seeds, as Times; 0 where there are none
	Wall      float64 // the same on the wall
	OnWall    int     // scores whose seconds of processors are not known

	mean    []float64
	state   [][]uint8 // [seed][architecture], in states
	reasons map[string]int
}

// NewColumn makes a column without answers over n architectures.
func NewColumn(q *store.Question, n int) *Column {
	c := &Column{Question: q, Asked: n * len(q.Seeds), Missing: n * len(q.Seeds)}
	for range q.Seeds {
		none := slices.Repeat([]float64{math.NaN()}, n)
		c.BySeed, c.Times = append(c.BySeed, none), append(c.Times, slices.Clone(none))
		c.state = append(c.state, make([]uint8, n))
		c.Walls = append(c.Walls, slices.Clone(none))
	}
	return c
}

// Answer enters the answer about architecture i under a seed of the question. score is NaN unless status is OK; wall
// are seconds, and cpu those of processors, 0 where they are not known.
func (c *Column) Answer(i int, seed uint64, status store.Status, score, wall, cpu float64) error {
	s := slices.Index(c.Seeds, seed)
	if s < 0 {
		return fmt.Errorf("scores of seed %d of %s, which is not asked for", seed, c.Label)
	}
	c.Missing--
	c.state[s][i] = uint8(slices.Index(states, status))
	switch status {
	case store.OK:
		if c.Lower {
			score = -score
		}
		c.BySeed[s][i], c.Times[s][i], c.Walls[s][i] = score, cpu, wall
		if cpu == 0 {
			c.Times[s][i] = wall
			if wall > 0 {
				c.OnWall++
				c.state[s][i] = onWall
			}
		}
	case store.Undefined:
		c.Undefined++
	case store.Failed:
		c.Failed++
	}
	return nil
}

// Status is what became of the answer about architecture i under the seed with number s; "" where there is none.
func (c *Column) Status(s, i int) store.Status { return states[c.state[s][i]] }

// OnTheWall says whether the seconds of a score are those on the wall, for want of those of processors.
func (c *Column) OnTheWall(s, i int) bool { return c.state[s][i] == onWall }

// Because notes why an answer is no score.
func (c *Column) Because(reason string) {
	if c.reasons == nil {
		c.reasons = map[string]int{}
	}
	c.reasons[reason]++
}

// Finish sums up what was entered.
func (c *Column) Finish() {
	if len(c.reasons) > 0 {
		c.Reason = CommonestOf(c.reasons)
	}
	c.Seconds, c.Wall = medianSum(c.Times), medianSum(c.Walls)
	if len(c.BySeed) == 1 {
		c.mean = c.BySeed[0]
		return
	}
	c.mean = make([]float64, len(c.BySeed[0]))
	for _, s := range c.BySeed {
		for i, v := range s {
			c.mean[i] += v
		}
	}
	for i := range c.mean {
		c.mean[i] /= float64(len(c.BySeed)) // once, so that equal sums give equal scores
	}
}

// medianSum is the median over architectures of the sum over seeds, of those that have all seeds.
func medianSum(bySeed [][]float64) float64 {
	var sums []float64
	for i := range bySeed[0] {
		sum := 0.0
		for _, times := range bySeed {
			sum += times[i]
		}
		if !math.IsNaN(sum) {
			sums = append(sums, sum)
		}
	}
	return median(sums)
}

// Total is the seconds of all scores together, as Times.
func (c *Column) Total() (sum float64) {
	for _, times := range c.Times {
		for _, t := range times {
			if !math.IsNaN(t) {
				sum += t
			}
		}
	}
	return sum
}

// median sorts v; it is 0 of nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// CommonestOf is the commonest of counted reasons, the first in the alphabet of equally common ones; "" of none.
func CommonestOf(reasons map[string]int) string {
	if len(reasons) == 0 {
		return ""
	}
	common := slices.MinFunc(slices.Collect(maps.Keys(reasons)), func(a, b string) int {
		return cmp.Or(reasons[b]-reasons[a], cmp.Compare(a, b))
	})
	return Commonest(common, len(reasons)-1)
}

// Commonest is a reason for missing scores beside which there are others.
func Commonest(reason string, others int) string {
	if others > 0 {
		reason += fmt.Sprintf(" (and %d other reasons)", others)
	}
	return reason
}

// Mean is the score of each architecture: the mean over the seeds, NaN where one of them is missing.
func (c *Column) Mean() []float64 { return c.mean }

// Scored is the number of scores that there are.
func (c *Column) Scored() int { return c.Asked - c.Undefined - c.Failed - c.Missing }

// BetweenSeeds is the mean Spearman correlation of the scores of two seeds.
func (c *Column) BetweenSeeds() (float64, error) {
	sum, n := 0.0, 0
	for i := range c.BySeed {
		for k := range i {
			_, kept := Common(c.BySeed[i], c.BySeed[k])
			v, err := correlation.Spearman(kept[0], kept[1])
			if err != nil {
				return 0, err
			}
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(n), nil
}

// Common returns the rows at which all vectors have a value, and those values.
func Common(vectors ...[]float64) (rows []int, kept [][]float64) {
	kept = make([][]float64, len(vectors))
rows:
	for i := range vectors[0] {
		for _, v := range vectors {
			if math.IsNaN(v[i]) {
				continue rows
			}
		}
		rows = append(rows, i)
		for k, v := range vectors {
			kept[k] = append(kept[k], v[i])
		}
	}
	return rows, kept
}

// Architecture parses architecture i.
func (r *Results) Architecture(i int) (bench301.Architecture, error) {
	a := r.Architectures[i]
	arch, err := r.Space.ParseAs(a.Arch, r.Space.Notations()[0])
	if err != nil {
		return nil, fmt.Errorf("%s: architecture %s: %w", r.From.Dir, a.ID, err)
	}
	return arch, nil
}

// Params counts the parameters of every architecture at the size of NAS-Bench-Suite-Zero's scores.
func (r *Results) Params() ([]float64, error) {
	return r.complexity(func(c bench301.Complexity) int64 { return c.Params })
}

// MACs counts the multiply-accumulates, likewise.
func (r *Results) MACs() ([]float64, error) {
	return r.complexity(func(c bench301.Complexity) int64 { return c.MACs })
}

func (r *Results) complexity(of func(bench301.Complexity) int64) ([]float64, error) {
	out := make([]float64, len(r.Architectures))
	for i, a := range r.Architectures {
		arch, err := r.Architecture(i)
		if err = cmp.Or(err, r.ended()); err != nil {
			return nil, err
		}
		c, err := arch.Complexity(bench301.DefaultConfig())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.ID, err)
		}
		out[i] = float64(of(c))
	}
	return out, nil
}

// Convolutions counts the edges with a convolution in all cells of every architecture: the strata within which
// NAS-Bench-301's estimators are compared. ok is false if one is no bench301.OperationCounter.
func (r *Results) Convolutions() (counts []int, ok bool, err error) {
	return r.count(func(n bench301.OperationCounts) int { return n.Convolutions })
}

// Skips counts the skip connections, likewise.
func (r *Results) Skips() (counts []int, ok bool, err error) {
	return r.count(func(n bench301.OperationCounts) int { return n.Skips })
}

func (r *Results) count(of func(bench301.OperationCounts) int) (out []int, ok bool, err error) {
	for i := range r.Architectures {
		arch, err := r.Architecture(i)
		if err = cmp.Or(err, r.ended()); err != nil {
			return nil, false, err
		}
		c, ok := arch.(bench301.OperationCounter)
		if !ok {
			return nil, false, nil
		}
		out = append(out, of(c.CountOperations()))
	}
	return out, true, nil
}
