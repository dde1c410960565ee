package analysis

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/store"
)

// Join puts the scores of several runs of one space side by side, over the architectures that any of them has: in their
// order where all have the same ones, or else by id. Columns of one question, under the same seeds, become one where no
// score differs; else both are kept, and named after their runs. What draws nothing has one column whatever its seed,
// and two values of it for one architecture are an error. The accuracies must be of one source; a run without any takes
// those of the others.
func Join(runs ...*Results) (*Results, error) {
	if len(runs) == 1 {
		return runs[0], nil
	}
	j := joint{Results: &Results{Space: runs[0].Space}, place: map[string]int{}}
	for _, r := range runs[1:] {
		if r.Space.Name() != j.Space.Name() {
			return nil, fmt.Errorf("%s has architectures of the space %s, %s of %s: they have none in common",
				runs[0].From.Dir, j.Space.Name(), r.From.Dir, r.Space.Name())
		}
	}
	j.architectures(runs)
	if err := j.truth(runs); err != nil {
		return nil, err
	}
	j.provenance(runs)
	j.populations(runs)
	if err := j.columns(runs); err != nil {
		return nil, err
	}
	return j.Results, nil
}

// joint is what several runs become.
type joint struct {
	*Results
	place map[string]int // of each architecture
}

func (j *joint) architectures(runs []*Results) {
	j.Architectures = slices.Clone(runs[0].Architectures)
	same := true
	for _, r := range runs[1:] {
		same = same && slices.Equal(r.Architectures, j.Architectures)
	}
	if !same {
		for _, r := range runs[1:] {
			j.Architectures = append(j.Architectures, r.Architectures...)
		}
		slices.SortFunc(j.Architectures, func(a, b store.Named) int { return strings.Compare(a.ID, b.ID) })
		j.Architectures = slices.CompactFunc(j.Architectures, func(a, b store.Named) bool { return a.ID == b.ID })
	}
	for i, a := range j.Architectures {
		j.place[a.ID] = i
	}
}

// truth takes the accuracies of the runs that have any.
func (j *joint) truth(runs []*Results) error {
	var first *Results
	by := make([]*Results, len(j.Architectures))
	for _, r := range runs {
		if r.Truth == nil {
			continue
		}
		if first == nil {
			first = r
			j.Truth = slices.Repeat([]float64{math.NaN()}, len(j.Architectures))
			j.From.Truth, j.From.Predicted = r.From.Truth, r.From.Predicted
		}
		if err := sameTruth(first, r); err != nil {
			return err
		}
		for i, v := range r.Truth {
			at := j.place[r.Architectures[i].ID]
			switch before := j.Truth[at]; {
			case math.IsNaN(v):
			case math.IsNaN(before):
				j.Truth[at], by[at] = v, r
			case before != v:
				return fmt.Errorf("architecture %s has the accuracy %v in %s, and %v in %s: what was it really?",
					r.Architectures[i].ID, before, by[at].From.Dir, v, r.From.Dir)
			}
		}
	}
	return nil
}

// sameTruth refuses runs whose accuracies are of two sources.
func sameTruth(a, b *Results) error {
	if a.From.Truth != b.From.Truth {
		return fmt.Errorf("%s compares with accuracy by %s, %s by %s: their correlations are not comparable", a.From.Dir,
			a.From.Truth, b.From.Dir, b.From.Truth)
	}
	return nil
}

// TakeTruth gives results without accuracies those that others have of the same architectures.
func (r *Results) TakeTruth(from *Results) {
	if r.Truth != nil || from.Truth == nil || r.Space.Name() != from.Space.Name() {
		return
	}
	known := make(map[string]float64, len(from.Architectures))
	for i, a := range from.Architectures {
		known[a.ID] = from.Truth[i]
	}
	for _, a := range r.Architectures {
		v, ok := known[a.ID]
		if !ok {
			v = math.NaN()
		}
		r.Truth = append(r.Truth, v)
	}
	r.From.Truth, r.From.Predicted = from.From.Truth, from.From.Predicted
}

// provenance says where all come from: what differs among them is left out, or listed.
func (j *joint) provenance(runs []*Results) {
	p := &j.From
	*p = Provenance{Records: true, Space: j.Space.Name(), Truth: p.Truth, Predicted: p.Predicted}
	var dirs, names, codes, processors []string
	for k, r := range runs {
		f := r.From
		dirs, names = append(dirs, f.Dir), append(names, cmp.Or(f.Name, f.Dir))
		for _, c := range strings.Split(f.Code, ", ") {
			if c != "" {
				codes = include(codes, c)
			}
		}
		if f.CPU != "" {
			processors = include(processors, f.CPU)
		}
		for _, note := range f.Notes {
			if !slices.Contains(p.Notes, note) {
				p.Notes = append(p.Notes, note)
			}
		}
		if k == 0 {
			p.Origin, p.Go, p.Platform, p.Cores = f.Origin, f.Go, f.Platform, f.Cores
			continue
		}
		for _, same := range []struct{ into, v *string }{
			{&p.Origin, &f.Origin}, {&p.Go, &f.Go}, {&p.Platform, &f.Platform},
		} {
			if *same.into != *same.v {
				*same.into = ""
			}
		}
		if p.Cores != f.Cores {
			p.Cores = 0
		}
	}
	p.Dir, p.Name = strings.Join(dirs, ", "), strings.Join(names, ", ")
	p.Code, p.CPU = strings.Join(codes, ", "), strings.Join(processors, ", ")
}

// populations takes the generations of the runs. One that several have is one; where they have other architectures in
// it, their searches are others, and none is taken.
func (j *joint) populations(runs []*Results) {
	type generation struct {
		method string
		seed   uint64
		number int
	}
	known := map[generation]int{}
	for _, r := range runs {
		for _, p := range r.Populations {
			p.Born, p.Survived = j.places(r, p.Born), j.places(r, p.Survived)
			key := generation{p.Method, p.Seed, p.Generation}
			i, ok := known[key]
			if !ok {
				known[key] = len(j.Populations)
				j.Populations = append(j.Populations, p)
				continue
			}
			old := &j.Populations[i]
			for _, members := range []struct {
				have *[]int
				more []int
			}{{&old.Born, p.Born}, {&old.Survived, p.Survived}} {
				switch {
				case len(*members.have) == 0:
					*members.have = members.more
				case len(members.more) > 0 && !slices.Equal(*members.have, members.more):
					j.From.Notes = append(j.From.Notes, fmt.Sprintf("The populations of the runs are left out: they have other "+
						"architectures in generation %d of %s, seed %d.", p.Generation, p.Method, p.Seed))
					j.Populations = nil
					return
				}
			}
		}
	}
}

// places are members of a run among the architectures of all, in order.
func (j *joint) places(r *Results, members []int) []int {
	var out []int
	for _, m := range members {
		out = append(out, j.place[r.Architectures[m].ID])
	}
	slices.Sort(out)
	return out
}

// joined is a column with the number of the run that it comes from, the first one of several, and the architectures
// that its question was asked about.
type joined struct {
	*Column
	run   int
	asked []bool
}

func (j *joint) columns(runs []*Results) error {
	var all []*joined
	for k, r := range runs {
		for _, c := range r.Columns {
			fresh := j.spread(k, r, c)
			merged := false
			for _, old := range all {
				if old.Question.Key() != c.Question.Key() || !c.Fixed && !slices.Equal(old.Seeds, c.Seeds) {
					continue
				}
				differ := old.differs(fresh.Column)
				if differ < 0 {
					old.take(fresh)
					merged = true
					break
				}
				if c.Fixed {
					err := fixedDiffers(c.Label, j.Architectures[differ].ID, old.BySeed[0][differ], fresh.BySeed[0][differ])
					return fmt.Errorf("%s, %s: %w", runs[old.run].From.Dir, r.From.Dir, err)
				}
			}
			if !merged {
				all = append(all, fresh)
			}
		}
	}
	for _, c := range all {
		c.Finish()
		j.Columns = append(j.Columns, c.Column)
	}
	nameApart(all, runs)
	return nil
}

// spread is a column of a run over the architectures of all.
func (j *joint) spread(run int, r *Results, c *Column) *joined {
	q := *c.Question
	q.Seeds, q.Varied = slices.Clone(q.Seeds), slices.Clone(q.Varied)
	out := &joined{NewColumn(&q, len(j.Architectures)), run, make([]bool, len(j.Architectures))}
	for _, a := range r.Architectures {
		out.asked[j.place[a.ID]] = true
	}
	out.Parts, out.Reason = c.Parts, c.Reason
	for s := range c.BySeed {
		for i, v := range c.BySeed[s] {
			at := j.place[r.Architectures[i].ID]
			out.BySeed[s][at], out.state[s][at] = v, c.state[s][i]
			out.Times[s][at], out.Walls[s][at] = c.Times[s][i], c.Walls[s][i]
		}
	}
	out.recount()
	return out
}

// recount counts the scores. No run lacks those that it was not asked for.
func (c *joined) recount() {
	c.Asked, c.Undefined, c.Failed, c.Missing, c.OnWall = 0, 0, 0, 0, 0
	for s := range c.Seeds {
		for i, asked := range c.asked {
			if !asked {
				continue
			}
			c.Asked++
			switch c.Status(s, i) {
			case store.Undefined:
				c.Undefined++
			case store.Failed:
				c.Failed++
			case "":
				c.Missing++
			case store.OK:
				if c.OnTheWall(s, i) {
					c.OnWall++
				}
			}
		}
	}
}

// differs is the first architecture that two columns of one question score otherwise, -1 where there is none.
func (c *Column) differs(o *Column) int {
	for s := range c.BySeed {
		for i, v := range c.BySeed[s] {
			if w := o.BySeed[s][i]; v != w && !math.IsNaN(v) && !math.IsNaN(w) {
				return i
			}
		}
	}
	return -1
}

// take adds the scores of a column of the same question.
func (c *joined) take(o *joined) {
	for i, asked := range o.asked {
		c.asked[i] = c.asked[i] || asked
	}
	for s := range c.BySeed {
		for i, v := range o.BySeed[s] {
			if o.Status(s, i) == store.OK && math.IsNaN(c.BySeed[s][i]) || c.Status(s, i) == "" {
				c.BySeed[s][i], c.state[s][i] = v, o.state[s][i]
				c.Times[s][i], c.Walls[s][i] = o.Times[s][i], o.Walls[s][i]
			}
		}
	}
	c.Seeds[0] = min(c.Seeds[0], o.Seeds[0]) // of what is fixed; else the seeds are the same
	c.Reason = cmp.Or(c.Reason, o.Reason)
	c.recount()
	for _, v := range o.Varied {
		if !slices.Contains(c.Varied, v) {
			c.Varied = append(c.Varied, v)
		}
	}
}

// nameApart gives columns of several runs labels that differ: all settings, then seeds and images, then the run.
func nameApart(all []*joined, runs []*Results) {
	shared := func(differ func(a, b *joined) bool) (out []*joined) {
		for _, c := range all {
			if slices.ContainsFunc(all, func(o *joined) bool { return o != c && o.Label == c.Label && differ(o, c) }) {
				out = append(out, c)
			}
		}
		return out
	}
	for _, c := range shared(func(a, b *joined) bool { return a.SettingsHash != b.SettingsHash && a.Full != b.Full }) {
		c.Label = cmp.Or(c.Full, c.Label)
	}
	columns := make([]*Column, len(all))
	for i, c := range all {
		columns[i] = c.Column
	}
	tellApart(columns)
	names := runNames(runs)
	for _, c := range shared(func(a, b *joined) bool { return true }) {
		c.Label += " (" + names[c.run] + ")"
		c.Varied = nil // an ablation compares settings, not runs
	}
}

// runNames are the last parts of where runs lie, or all of it where these are the same.
func runNames(runs []*Results) []string {
	names := make([]string, len(runs))
	seen := map[string]bool{}
	for i, r := range runs {
		names[i] = filepath.Base(r.From.Dir)
		if seen[names[i]] {
			for k := range runs {
				names[k] = runs[k].From.Dir
			}
			return names
		}
		seen[names[i]] = true
	}
	return names
}
