package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
	"rwe301/search"
)

// Searched says over which populations of searches a study is: each architecture of them is scored once.
type Searched struct {
	Path        string          // folder of searches, or the definition of searches that are run first
	Methods     []string        // nil means all
	Seeds       []uint64        // nil means all
	Generations []int           // from 1; nil means all
	Of          string          // OfSurvivors, OfNewborn or OfBoth
	Images      *scoring.Images // that searches which are run first see in place of their own; nil where they keep those

	at, methodsAt, seedsAt, generationsAt yamldoc.Node
}

// The architectures of a generation that a study takes.
const (
	OfSurvivors = "survivors" // the population after it
	OfNewborn   = "newborn"   // what it evaluated, before selection
	OfBoth      = "both"
)

func (s *Searched) readMethods(n yamldoc.Node) (err error) {
	s.methodsAt = n
	if s.Methods, err = n.Texts("names of methods of the searches"); err != nil {
		return err
	}
	for i, m := range s.Methods {
		if slices.Contains(s.Methods[:i], m) {
			return n.Errorf("%s is given twice", printable.Cut(m, maxTitle))
		}
	}
	return nil
}

func (s *Searched) readSeeds(n yamldoc.Node) (err error) {
	s.seedsAt = n
	s.Seeds, err = n.Seeds()
	return err
}

func (s *Searched) readGenerations(n yamldoc.Node) error {
	s.generationsAt = n
	values, err := n.Values()
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, v := range values {
		g, ok := v.(int64)
		switch {
		case !ok || g < 1:
			return n.Errorf("%s: a generation is a whole number from 1, several are such as 1..20",
				printable.Cut(fmt.Sprint(v), maxTitle))
		case seen[g]:
			return n.Errorf("generation %d is given twice", g)
		}
		seen[g] = true
		s.Generations = append(s.Generations, int(g))
	}
	return nil
}

// check says what of the searches does not fit the study.
func (s *Searched) check(d search.Definition, space bench301.Space) error {
	if d.Space != space.Name() {
		return s.at.Errorf("%s: the searches are of the space %s, the study of %s: say space: %[2]s", s.Path, d.Space,
			space.Name())
	}
	var names []string
	for _, m := range d.Methods {
		names = append(names, m.Name)
	}
	for _, m := range s.Methods {
		if !slices.Contains(names, m) {
			return s.methodsAt.Errorf("%q: no method of the searches in %s%s", printable.Cut(m, maxTitle), s.Path,
				suggest.Nearest(m, names))
		}
	}
	for _, seed := range s.Seeds {
		if !slices.Contains(d.Seeds, seed) {
			return s.seedsAt.Errorf("%d: no seed of the searches in %s, which have %s", seed, s.Path, ranges(d.Seeds))
		}
	}
	if len(s.Generations) > 0 {
		if last := slices.Max(s.Generations); last > d.Generations {
			return s.generationsAt.Errorf("%d: the searches in %s have %d generations", last, s.Path, d.Generations)
		}
	}
	return nil
}

func (s *Searched) takesMethod(name string) bool {
	return s.Methods == nil || slices.Contains(s.Methods, name)
}

// takes says whether the study takes generations of a search.
func (s *Searched) takes(method string, seed uint64) bool {
	return s.takesMethod(method) && (s.Seeds == nil || slices.Contains(s.Seeds, seed))
}

func (s *Searched) takesGeneration(n int) bool {
	return s.Generations == nil || slices.Contains(s.Generations, n)
}

// most bounds the architectures that searches have for the study.
func (s *Searched) most(d search.Definition) int {
	searches, generations, last := 0, d.Generations, d.Generations
	for _, m := range d.Methods {
		for _, seed := range d.Seeds {
			if s.takes(m.Name, seed) {
				searches++
			}
		}
	}
	if s.Generations != nil {
		generations, last = len(s.Generations), slices.Max(s.Generations)
	}
	if s.Of == OfBoth {
		generations *= 2
	}
	return searches * d.Population * min(generations, last)
}

// describe says which populations they are, as after "12 architectures".
func (s *Searched) describe(d search.Definition) string {
	of := "that survived"
	switch s.Of {
	case OfNewborn:
		of = "born in"
	case OfBoth:
		of = "born in or that survived"
	}
	generations := "all generations"
	if s.Generations != nil {
		generations = "generations " + ranges(s.Generations)
	}
	text := fmt.Sprintf("%s %s of the searches %s", of, generations, d.Name)
	if s.Methods != nil {
		text += ", methods " + strings.Join(s.Methods, ", ")
	}
	if s.Seeds != nil {
		text += ", seeds " + ranges(s.Seeds)
	}
	return text
}

// ranges writes numbers as people do: 1-5, 8.
func ranges[N int | uint64](numbers []N) string {
	sorted := slices.Sorted(slices.Values(numbers))
	var parts []string
	for i := 0; i < len(sorted); {
		k := i
		for k+1 < len(sorted) && sorted[k+1] == sorted[k]+1 {
			k++
		}
		if part := fmt.Sprint(sorted[i]); k == i {
			parts = append(parts, part)
		} else {
			parts = append(parts, fmt.Sprintf("%s-%d", part, sorted[k]))
		}
		i = k + 1
	}
	return strings.Join(parts, ", ")
}

// readSearched takes the architectures of populations. Those of searches that are still to be run are not known: one of
// the space stands in for them.
func (p *Plan) readSearched(ctx context.Context) error {
	s := p.Definition.Architectures.Search
	if p.Definition.run != "" {
		return p.readOwn()
	}
	path := p.inputs.Path(s.Path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if search.Is(SearchFolder(path)) {
			return s.at.Errorf("%s: the run of a study: its searches lie in %s", s.Path, SearchFolder(s.Path))
		}
		if !search.Is(path) {
			return s.at.Errorf("%s: no folder of searches: a study takes one that bench301 search made, or a definition of "+
				"searches in YAML", s.Path)
		}
		found, err := search.Open(ctx, path)
		if err != nil {
			return s.at.Errorf("%w", err)
		}
		defer found.Close()
		p.searchDir = path
		return p.take(ctx, found)
	}
	d, err := p.searches(ctx, path)
	if err != nil {
		return err
	}
	if err := s.check(*d, p.Space); err != nil {
		return err
	}
	p.Searches, p.expected, p.Origin = d, s.most(*d), s.describe(*d)
	p.Architectures = append(p.Architectures, p.Space.Sample(rand.New(rand.NewPCG(p.Definition.Seed, 0))))
	return nil
}

// searches are those that are run first: as the file defines them, or as they were begun.
func (p *Plan) searches(ctx context.Context, path string) (*search.Definition, error) {
	s, begun := p.Definition.Architectures.Search, p.Definition.searching
	defined, err := s.defined(path)
	if begun == "" || !search.Is(begun) {
		return defined, err
	}
	old, opened := search.Open(ctx, begun)
	if opened != nil {
		return nil, opened
	}
	defer old.Close()
	switch {
	case errors.Is(err, fs.ErrNotExist): // its folder has the definition
	case err != nil:
		return nil, err
	case !defined.Same(old.Manifest.Definition):
		return nil, s.at.Errorf("%s: changed since its searches began: restore it, or start a new run", path)
	}
	return &old.Manifest.Definition, nil
}

// defined reads the definition of searches.
func (s *Searched) defined(path string) (*search.Definition, error) {
	text, err := yamldoc.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.at.Errorf("%s: neither a definition of searches nor a folder of them: %w", s.Path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, s.at.Errorf("%w", err)
	}
	d, err := search.Parse(path, text)
	if err != nil {
		if _, is := Parse(path, text); is == nil {
			return nil, s.at.Errorf("%s: the definition of a study: want one of searches (bench301 search init writes one)",
				s.Path)
		}
		return nil, s.at.Errorf("no definition of searches: %w", err)
	}
	if s.Images != nil {
		d.Dataset = *s.Images
	}
	return &d, nil
}

// take makes the architectures of the plan those of populations: in the order of method, seed, generation and
// evaluation, each once.
func (p *Plan) take(ctx context.Context, found *search.Searches) error {
	s, d := p.Definition.Architectures.Search, found.Manifest.Definition
	if err := s.check(d, p.Space); err != nil {
		return err
	}
	p.Architectures, p.Populations, p.Searches, p.expected = nil, nil, nil, 0
	place := map[string]int{}
	for g, err := range found.EachPopulation(ctx, s.takes) {
		if err != nil {
			return s.at.Errorf("%w", err)
		}
		if !s.takesGeneration(g.Generation) {
			continue
		}
		if g.NotKept != "" {
			return s.at.Errorf("%s: generation %d of method %s, seed %d, is not known: %s", found.Dir, g.Generation, g.Method,
				g.Seed, g.NotKept)
		}
		one := analysis.Population{Method: g.Method, Seed: g.Seed, Generation: g.Generation}
		for _, m := range g.Members {
			born, survived := m.Born > 0 && s.Of != OfSurvivors, m.Survived > 0 && s.Of != OfNewborn
			if !born && !survived {
				continue
			}
			a, _, err := p.Space.Parse(m.Arch)
			if err != nil {
				return s.at.Errorf("%s: %w", found.Dir, err)
			}
			i, known := place[a.ID()]
			if !known {
				i = len(p.Architectures)
				place[a.ID()] = i
				p.Architectures = append(p.Architectures, a)
			}
			if born {
				one.Born = append(one.Born, i)
			}
			if survived {
				one.Survived = append(one.Survived, i)
			}
		}
		p.Populations = append(p.Populations, one)
	}
	if len(p.Architectures) == 0 {
		return s.at.Errorf("%s: has none of these populations yet: bench301 search resume goes on with the searches",
			found.Dir)
	}
	p.Origin, p.searched = s.describe(d), &found.Manifest
	return nil
}

// noteSearches says what a reader should know of the searches that the architectures were taken from.
func (p *Plan) noteSearches() {
	if p.searched == nil {
		return
	}
	s, d := p.Definition.Architectures.Search, p.searched.Definition
	asked := d.Generations
	if s.Generations != nil {
		asked = len(s.Generations)
	}
	var short []string
	for _, m := range d.Methods {
		for _, seed := range d.Seeds {
			if !s.takes(m.Name, seed) {
				continue
			}
			n := 0
			for _, g := range p.Populations {
				if g.Method == m.Name && g.Seed == seed {
					n++
				}
			}
			if n < asked {
				short = append(short, fmt.Sprintf("%s of seed %d has %d", m.Name, seed, n))
			}
		}
	}
	if n := len(short); n > 0 {
		const shown = 5
		if n > shown {
			short = append(short[:shown], "and so on")
		}
		p.notef("%d searches have fewer than the %d generations that the study takes, as they were when it began: %s.", n,
			asked, strings.Join(short, ", "))
	}
	steered := slices.ContainsFunc(d.Methods, func(m analysis.Method) bool {
		return slices.Contains(m.Objectives, scoring.AccuracyName) && s.takesMethod(m.Name)
	})
	if then := p.searched.Truth; steered && p.Truth != nil && then != p.Truth.Name {
		p.notef("Accuracies by %s steered the searches; the study compares with those by %s.", then, p.Truth.Name)
	}
	if d.Weights == search.FreshWeights {
		p.notef("Each search drew random weights of its own; the study scores under the seeds %s.",
			printable.Cut(strings.Trim(fmt.Sprint(p.Definition.Seeds), "[]"), maxTitle))
	}
}

// readOwn takes the architectures and populations that the run has already.
func (p *Plan) readOwn() error {
	r := &Run{Dir: p.Definition.run}
	var err error
	if r.Manifest, err = readManifest(r.Dir); err != nil {
		return err
	}
	all, err := r.Architectures()
	if err != nil {
		return err
	}
	for _, a := range all {
		arch, err := p.Space.ParseAs(a.Arch, p.Space.Notations()[0])
		if err != nil {
			return fmt.Errorf("%s: architecture %s: %w", r.Dir, a.ID, err)
		}
		p.Architectures = append(p.Architectures, arch)
	}
	p.Populations, err = r.populations()
	p.Origin = r.Manifest.Origin
	for _, dir := range []string{r.searchFolder(), p.inputs.Path(p.Definition.Architectures.Search.Path)} {
		if p.searchDir == "" && search.Is(dir) {
			p.searchDir = dir
		}
	}
	return err
}

// Size is the number of architectures: at most so many where their searches are still to be run.
func (p *Plan) Size() int { return cmp.Or(p.expected, len(p.Architectures)) }
