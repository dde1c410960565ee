package analysis

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/internal/input"
	"rwe301/internal/strictjson"
	"rwe301/internal/tabular"
	"rwe301/moo"
)

// GivenRun are the points of one run that others made, all objectives minimised.
type GivenRun struct {
	Run      string
	Points   [][]float64
	Recorded float64 // the hypervolume that the file says; NaN for none
}

// GivenFile are the runs of one method on one problem.
type GivenFile struct {
	Name       string // of the file, with the method where it holds several
	Path       string
	Objectives []string
	Runs       []GivenRun
	Solutions  int // of EvoXBench: how many there are
	Repeating  int // and in how many of them a node reads one state twice
}

// maxFronts bounds a file of fronts in bytes, maxMethods the files and methods judged at once.
const maxFronts, maxMethods = 256 << 20, 1000

// maxPoints bounds the points of one run in two objectives, maxPointsOfMore in more: spacing, and the front in more,
// hold each against all others. maxPairs bounds how many pairs are held against each other for a reference front.
const maxPoints, maxPointsOfMore, maxPairs = 20_000, 10_000, 1_000_000_000

// known are the objectives of tables by the names of their columns, and how they are minimised.
var known = map[string]struct {
	name   string
	as     func(float64) float64
	ranked int
}{
	"error": {"error", nil, 0}, "err": {"error", nil, 0},
	"accuracy": {"error", func(v float64) float64 { return 1 - v/100 }, 0},
	"params":   {"params", nil, 1}, "macs": {"flops", nil, 2}, "flops": {"flops", nil, 2},
}

// IsPopulations says whether a file is one of EvoXBench's populations, by how it begins.
func IsPopulations(path string) bool {
	if strings.ToLower(filepath.Ext(path)) != ".json" {
		return false
	}
	data, err := input.Read(path, maxFronts)
	if err != nil {
		return false
	}
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("[")) && bytes.Contains(head, []byte(`"X"`)) && bytes.Contains(head, []byte(`"F"`))
}

// ReadFronts reads fronts that others found: populations of EvoXBench, or a table of points, CSV or a JSON list of
// objects, with a column for each objective, and perhaps run (or seed) and method. Objectives are those named, or for
// none those that are known: error or accuracy (percent), params, flops or macs. Fronts of a run of ours,
// report/fronts.csv, are such a table.
func ReadFronts(path string, objectives []string) ([]GivenFile, error) {
	data, err := input.Read(path, maxFronts)
	if err != nil {
		return nil, err
	}
	files, err := parseFronts(data, objectives)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range files {
		f := &files[i]
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if f.Path = path; f.Name != "" {
			name += ":" + f.Name
		}
		f.Name = name
	}
	return files, nil
}

// parseFronts reads the content of a file of fronts.
func parseFronts(data []byte, objectives []string) (files []GivenFile, err error) {
	switch text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n"); {
	case len(text) == 0:
		err = errors.New("empty: want populations of EvoXBench, or a table of points")
	case bytes.HasPrefix(text, []byte("[")) && bytes.Contains(text, []byte(`"F"`)):
		files, err = populations(data, objectives)
	case text[0] == '[':
		files, err = pointsOfJSON(text, objectives)
	default:
		files, err = pointsOfCSV(data, objectives)
	}
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		most := maxPoints
		if len(f.Objectives) > 2 {
			most = maxPointsOfMore
		}
		for _, r := range f.Runs {
			if len(r.Points) > most {
				return nil, fmt.Errorf("run %s: %d points: at most %d in %d objectives are judged", r.Run, len(r.Points), most,
					len(f.Objectives))
			}
		}
	}
	return files, nil
}

func populations(data []byte, objectives []string) ([]GivenFile, error) {
	runs, err := bench301.ReadPopulations(data)
	if err != nil {
		return nil, err
	}
	all := bench301.PopulationObjectives[:len(runs[0].Objectives[0])]
	f := GivenFile{Objectives: all}
	if len(objectives) > 0 {
		f.Objectives = objectives
	}
	var at []int
	for _, o := range f.Objectives {
		k := slices.Index(all, o)
		if k < 0 {
			return nil, fmt.Errorf("no objective %q: its objectives are %s", o, strings.Join(all, ", "))
		}
		at = append(at, k)
	}
	for _, r := range runs {
		g := GivenRun{Run: r.Run, Recorded: math.NaN()}
		if slices.Equal(f.Objectives, all) {
			g.Recorded = r.Recorded
		}
		for _, p := range r.Objectives {
			var point []float64
			for _, k := range at {
				point = append(point, p[k])
			}
			g.Points = append(g.Points, point)
		}
		for _, genes := range r.Genes {
			f.Solutions++
			if genes.Repeats() > 0 {
				f.Repeating++
			}
		}
		f.Runs = append(f.Runs, g)
	}
	return []GivenFile{f}, nil
}

func pointsOfJSON(data []byte, objectives []string) ([]GivenFile, error) {
	var rows []map[string]json.RawMessage
	if err := strictjson.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("no list of points as objects, {\"error\": 0.05, \"params\": 500000}: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("no points in it")
	}
	var header []string
	for key := range rows[0] {
		header = append(header, key)
	}
	slices.Sort(header)
	t, err := newPointTable(header, objectives)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		err := t.add(func(name string) (string, bool) {
			raw, ok := row[name]
			return strings.Trim(string(raw), `"`), ok
		})
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", i+1, err)
		}
	}
	return t.read()
}

func pointsOfCSV(data []byte, objectives []string) ([]GivenFile, error) {
	if what := input.NoText(data[:min(len(data), 256)]); what != "" {
		return nil, errors.New(what)
	}
	layout, err := tabular.Sniff(data, true)
	if err != nil {
		return nil, err
	}
	t, err := newPointTable(layout.Header, objectives)
	if err != nil {
		return nil, err
	}
	in, err := layout.Open(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for {
		row, line, err := in.Read()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = t.add(func(name string) (string, bool) {
				k := slices.Index(layout.Header, name)
				if k < 0 {
					return "", false
				}
				return strings.TrimSpace(row[k]), true
			})
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(t.files) == 0 {
		return nil, errors.New("no points below the header")
	}
	return t.read()
}

// pointTable collects the points of a table.
type pointTable struct {
	columns, objectives []string
	files               []GivenFile
	percent             float64           // the largest accuracy
	methods             map[string]int    // where its file stands
	at                  map[[2]string]int // run of a method
}

func newPointTable(header, objectives []string) (*pointTable, error) {
	t := &pointTable{methods: map[string]int{}, at: map[[2]string]int{}}
	for _, name := range objectives {
		k := slices.IndexFunc(header, func(h string) bool { return h == name })
		if k < 0 { // the objective "error" of a column of accuracies
			k = slices.IndexFunc(header, func(h string) bool { return known[strings.ToLower(h)].name == name })
		}
		if k < 0 {
			return nil, fmt.Errorf("no column %q among %s", name, strings.Join(header, ", "))
		}
		t.columns, t.objectives = append(t.columns, header[k]), append(t.objectives, name)
	}
	if len(objectives) == 0 {
		for _, h := range header {
			if k := known[strings.ToLower(h)]; k.name != "" && !slices.Contains(t.objectives, k.name) {
				t.columns, t.objectives = append(t.columns, h), append(t.objectives, k.name)
			}
		}
		order := func(a, b string) int { return known[strings.ToLower(a)].ranked - known[strings.ToLower(b)].ranked }
		slices.SortStableFunc(t.columns, order)
		slices.SortStableFunc(t.objectives, order)
	}
	if len(t.objectives) < 2 {
		return nil, fmt.Errorf("columns %s: name at least two objectives by --objectives; known ones are error or accuracy, "+
			"params, flops or macs", strings.Join(header, ", "))
	}
	return t, nil
}

func (t *pointTable) add(cell func(name string) (string, bool)) error {
	method, _ := cell("method")
	run, ok := cell("run")
	if !ok {
		if run, ok = cell("seed"); !ok {
			run = "1"
		}
	}
	var point []float64
	for i, name := range t.columns {
		text, _ := cell(name)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v-v != 0 {
			return fmt.Errorf("%s: %q: must be a finite number", name, text)
		}
		if k := known[strings.ToLower(name)]; k.as != nil && t.objectives[i] == k.name {
			t.percent = max(t.percent, v)
			v = k.as(v)
		}
		if t.objectives[i] == "error" && !(v >= 0 && v <= 1) {
			return fmt.Errorf("%s: %q: errors are fractions, accuracies percentages: from 0 to 1, from 0 to 100", name,
				text)
		}
		point = append(point, v)
	}
	f, ok := t.methods[method]
	if !ok {
		if f = len(t.files); f == maxMethods {
			return fmt.Errorf("method %q: at most %d methods are judged at once", method, maxMethods)
		}
		t.methods[method] = f
		t.files = append(t.files, GivenFile{Name: method, Objectives: t.objectives})
	}
	runs := &t.files[f].Runs
	k, ok := t.at[[2]string{method, run}]
	if !ok {
		k, t.at[[2]string{method, run}] = len(*runs), len(*runs)
		*runs = append(*runs, GivenRun{Run: run, Recorded: math.NaN()})
	}
	(*runs)[k].Points = append((*runs)[k].Points, point)
	return nil
}

// read is what was collected. Accuracies that are all fractions would count as the worst of percentages.
func (t *pointTable) read() ([]GivenFile, error) {
	if t.percent > 0 && t.percent <= 1 {
		return nil, fmt.Errorf("accuracies of at most %v: they are fractions, where percentages are read: "+
			"write 94 for 0.94, or give the column error", t.percent)
	}
	return t.files, nil
}

// GivenRow is one run, judged.
type GivenRow struct {
	Run                        string
	Points                     int
	NonDominated               int // distinct ones
	Dominated, Duplicates      int // the other points
	Outside                    int // points that are not better than the reference point in every objective
	Hypervolume                float64
	Recorded                   float64 // NaN for none
	IGDPlus, Epsilon, Distance float64 // to the reference front; Distance is GD+. NaN where there is none
	Spacing                    float64 // NaN of a single point
	Front                      [][]float64
	scaled                     [][]float64
}

// Disagrees says whether the hypervolume of a file is another one than that of its points.
func (r GivenRow) Disagrees() bool {
	return math.Abs(r.Hypervolume-r.Recorded) > sameVolume*max(1, math.Abs(r.Recorded))
}

// sameVolume is how far two hypervolumes of the same points may lie apart.
const sameVolume = 1e-12

// Given are fronts that others found, judged.
type Given struct {
	Files     []GivenFile
	Rows      [][]GivenRow // of each file
	Boxes     []moo.Box    // of each file, low becomes 0, high 1
	BoxName   string       // whose they are
	Reference float64      // coordinate of the reference point in the box; NaN where Point says it
	Point     []float64    // the reference point in the units of the objectives, or nil
	Fronts    []int        // size of the reference front of each file; 0 for none
	FrontName string
}

// GivenOptions say how fronts are judged.
type GivenOptions struct {
	Ideal, Nadir, Reference []float64   // in the units of the objectives; nil for the box of the space, and its nadir
	Front                   [][]float64 // reference front; nil for the union of the files with the same objectives
	FrontName               string
}

// JudgeFronts judges files of fronts. Where several have the same objectives, the reference front is what no point of
// theirs dominates; a single file has one only if it is given.
func JudgeFronts(ctx context.Context, files []GivenFile, o GivenOptions) (*Given, error) {
	if len(files) > maxMethods {
		return nil, fmt.Errorf("%d files and methods: at most %d are judged at once", len(files), maxMethods)
	}
	g := &Given{Files: files, Reference: 1, Point: o.Reference, FrontName: o.FrontName}
	for i, f := range files {
		box, name, err := o.box(f)
		if err != nil {
			return nil, err
		}
		g.Boxes, g.BoxName = append(g.Boxes, box), name
		reference := make([]float64, len(f.Objectives))
		for k := range reference {
			reference[k] = 1
		}
		if o.Reference != nil {
			if len(o.Reference) != len(f.Objectives) {
				return nil, fmt.Errorf("%s: the reference point has %d objectives, the file %d: %s", f.Name, len(o.Reference),
					len(f.Objectives), strings.Join(f.Objectives, ", "))
			}
			reference = box.Scale([][]float64{o.Reference})[0]
		}
		var rows []GivenRow
		for _, run := range files[i].Runs {
			row := GivenRow{Run: run.Run, Points: len(run.Points), Recorded: run.Recorded, IGDPlus: math.NaN(),
				Epsilon: math.NaN(), Distance: math.NaN(), Spacing: math.NaN()}
			row.Front, row.Duplicates = undominated(run.Points)
			row.NonDominated = len(row.Front)
			row.Dominated = row.Points - row.NonDominated - row.Duplicates
			for _, p := range box.Scale(run.Points) {
				for k := range p {
					if p[k] >= reference[k] {
						row.Outside++
						break
					}
				}
			}
			row.scaled = box.Scale(row.Front)
			if row.Hypervolume, err = moo.HypervolumeWithin(ctx, row.scaled, reference); err != nil {
				return nil, err
			}
			if row.NonDominated > 1 {
				row.Spacing, _ = moo.Spacing(row.scaled)
			}
			rows = append(rows, row)
		}
		g.Rows = append(g.Rows, rows)
	}
	return g, g.distances(o)
}

// box is where the points of a file are scaled.
func (o GivenOptions) box(f GivenFile) (box moo.Box, name string, err error) {
	n := len(f.Objectives)
	own := bench301.DARTS{}.ObjectiveBox()
	box, name = moo.Box{Low: slices.Clone(o.Ideal), High: slices.Clone(o.Nadir)}, "the box given"
	if o.Ideal == nil || o.Nadir == nil {
		var low, high []float64
		for _, objective := range f.Objectives {
			k := slices.Index(bench301.PopulationObjectives, objective)
			if k < 0 {
				return box, "", fmt.Errorf("%s: nobody's box has the objective %s: give --ideal and --nadir, %d numbers each",
					f.Name, objective, n)
			}
			low, high = append(low, own.Low[k]), append(high, own.High[k])
		}
		if o.Ideal == nil {
			box.Low = low
		}
		if o.Nadir == nil {
			box.High = high
		}
		if o.Ideal == nil && o.Nadir == nil {
			name = own.Name
		}
	}
	for _, side := range [][]float64{box.Low, box.High} {
		if len(side) != n {
			return box, "", fmt.Errorf("%s: the box has %d objectives, the file %d: %s", f.Name, len(side), n,
				strings.Join(f.Objectives, ", "))
		}
	}
	for k := range n {
		if !(box.Low[k] < box.High[k]) {
			return box, "", fmt.Errorf("%s: ideal %v of %s is not below nadir %v", f.Name, box.Low[k], f.Objectives[k],
				box.High[k])
		}
	}
	return box, name, nil
}

// distances measures every run against the reference front.
func (g *Given) distances(o GivenOptions) error {
	for i, f := range g.Files {
		front, others := o.Front, 0
		for j, other := range g.Files {
			if o.Front == nil && slices.Equal(other.Objectives, f.Objectives) {
				others++
				for _, r := range g.Rows[j] {
					front = append(front, r.Front...)
				}
			}
		}
		if o.Front == nil && others < 2 {
			g.Fronts = append(g.Fronts, 0)
			continue
		}
		if len(front[0]) != len(f.Objectives) {
			return fmt.Errorf("%s: the reference front has %d objectives, the file %d", f.Name, len(front[0]),
				len(f.Objectives))
		}
		if n := len(front); n > maxPairs/n && len(f.Objectives) > 2 {
			return fmt.Errorf("%s: a reference front among %d points: too many to hold against each other; give a smaller one "+
				"by --front", f.Name, n)
		}
		front, _ = undominated(front)
		own := 0
		for _, r := range g.Rows[i] {
			own += len(r.Front)
		}
		if own > maxPairs/len(front) {
			return fmt.Errorf("%s: %d points on its fronts, %d on the reference front: too many to hold against each other; "+
				"give a smaller one by --front", f.Name, own, len(front))
		}
		g.Fronts = append(g.Fronts, len(front))
		front = g.Boxes[i].Scale(front)
		for k := range g.Rows[i] {
			r := &g.Rows[i][k]
			var errs [3]error
			r.IGDPlus, errs[0] = moo.IGDPlus(r.scaled, front)
			r.Epsilon, errs[1] = moo.EpsilonAdditive(r.scaled, front)
			r.Distance, errs[2] = moo.GDPlus(r.scaled, front)
			if err := errors.Join(errs[:]...); err != nil {
				return err
			}
		}
	}
	if g.FrontName == "" {
		g.FrontName = "what no point of the files with the same objectives dominates"
	}
	return nil
}

// undominated returns the distinct points that no other dominates, in ascending order of the objectives, and how many
// of all points stand there before.
func undominated(points [][]float64) (front [][]float64, duplicates int) {
	sorted := slices.SortedFunc(slices.Values(points), slices.Compare)
	for i, p := range sorted {
		if i > 0 && slices.Equal(p, sorted[i-1]) {
			duplicates++
			continue
		}
		if len(p) == 2 { // in this order the last of the front is the lowest so far
			if n := len(front); n == 0 || p[1] < front[n-1][1] {
				front = append(front, p)
			}
			continue
		}
		if !slices.ContainsFunc(front, func(q []float64) bool { return moo.WeaklyDominates(q, p) }) {
			front = append(front, p)
		}
	}
	return front, duplicates
}

// GivenMetric is an indicator of runs.
type GivenMetric struct {
	Name, Key string
	Lower     bool // smaller is better
	Value     func(GivenRow) float64
}

// GivenMetrics lists the indicators, the hypervolume first.
func GivenMetrics() []GivenMetric {
	return []GivenMetric{
		{"hypervolume", "hypervolume", false, func(r GivenRow) float64 { return r.Hypervolume }},
		{"HV of the file", "recorded_hypervolume", false, func(r GivenRow) float64 { return r.Recorded }},
		{"IGD+", "igd_plus", true, func(r GivenRow) float64 { return r.IGDPlus }},
		{"epsilon", "epsilon", true, func(r GivenRow) float64 { return r.Epsilon }},
		{"GD+", "gd_plus", true, func(r GivenRow) float64 { return r.Distance }},
		{"spacing", "spacing", true, func(r GivenRow) float64 { return r.Spacing }},
	}
}

// Values are an indicator over the runs of a file, without those that have none.
func (g *Given) Values(file int, m GivenMetric) (out []float64) {
	for _, r := range g.Rows[file] {
		if v := m.Value(r); !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}

// Attainment is the staircase that at least n of several runs attain in two objectives: its corners, both ascending in
// the first and descending in the second (Grunert da Fonseca, Fonseca and Hall 2001). It is empty for more runs than
// there are.
func Attainment(runs [][][2]float64, n int) (out [][2]float64) {
	if n < 1 || n > len(runs) {
		return nil
	}
	var at []float64
	for _, r := range runs {
		for _, p := range r {
			at = append(at, p[0])
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	sorted := make([][][2]float64, len(runs))
	for i, r := range runs {
		sorted[i] = slices.SortedFunc(slices.Values(r), func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	}
	lowest, next := make([]float64, len(runs)), make([]int, len(runs))
	for i := range lowest {
		lowest[i] = math.Inf(1)
	}
	last := math.Inf(1)
	for _, x := range at {
		for i, r := range sorted {
			for ; next[i] < len(r) && r[next[i]][0] <= x; next[i]++ {
				lowest[i] = min(lowest[i], r[next[i]][1])
			}
		}
		if y := slices.Sorted(slices.Values(lowest))[n-1]; y < last {
			out, last = append(out, [2]float64{x, y}), y
		}
	}
	return out
}

// GivenContrast compares two files in an indicator over their runs.
type GivenContrast struct {
	Metric    GivenMetric
	A, B      string
	N         [2]int
	Medians   [2]float64
	A12       float64 // chance that a run of A has the larger value
	P, Holm   float64 // two-sided Mann-Whitney; Holm over all pairs of files in this indicator. NaN where undefined
	Undefined string  // why there is no p
}

// Compare compares every two files with the same objectives, whose runs are independent of each other. The skipped
// pairs have other objectives, or a single run.
func (g *Given) Compare() (out []GivenContrast, skipped []string) {
	for _, m := range GivenMetrics() {
		if m.Key == "recorded_hypervolume" {
			continue
		}
		var these []GivenContrast
		var p []float64
		for i := range g.Files {
			for j := i + 1; j < len(g.Files); j++ {
				a, b := g.Files[i], g.Files[j]
				x, y := g.Values(i, m), g.Values(j, m)
				switch {
				case !slices.Equal(a.Objectives, b.Objectives):
					if m.Key == "hypervolume" {
						skipped = append(skipped, fmt.Sprintf("%s (%s) and %s (%s) are not compared: their objectives differ", a.Name,
							strings.Join(a.Objectives, ", "), b.Name, strings.Join(b.Objectives, ", ")))
					}
					continue
				case len(x) < 2 || len(y) < 2:
					if m.Key == "hypervolume" {
						skipped = append(skipped, fmt.Sprintf("%s and %s are not compared: a test needs two runs of each", a.Name,
							b.Name))
					}
					continue
				}
				c := GivenContrast{Metric: m, A: a.Name, B: b.Name, N: [2]int{len(x), len(y)}, P: math.NaN(), Holm: math.NaN(),
					Medians: [2]float64{correlation.Quantile(x, 0.5), correlation.Quantile(y, 0.5)}, A12: math.NaN()}
				if a12, err := correlation.VarghaDelaney(x, y); err == nil {
					c.A12 = a12
				}
				if test, err := correlation.MannWhitney(x, y, correlation.Auto, true, correlation.TwoSided); err != nil {
					c.Undefined = err.Error()
				} else {
					c.P = test.P
					p = append(p, test.P)
				}
				these = append(these, c)
			}
		}
		adjusted := correlation.Holm(p)
		for k := range these {
			if these[k].Undefined == "" {
				these[k].Holm, adjusted = adjusted[0], adjusted[1:]
			}
		}
		out = append(out, these...)
	}
	return out, skipped
}

// Shared reads files in the objectives that all of them have, in the order of the first; fewer than two are an error.
func Shared(files ...[]string) ([]string, error) {
	var out []string
	for _, o := range files[0] {
		if !slices.ContainsFunc(files, func(f []string) bool { return !slices.Contains(f, o) }) {
			out = append(out, o)
		}
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("they share %d objectives, %s: a front needs two", len(out), strings.Join(out, ", "))
	}
	return out, nil
}
