package study

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
	"rwe301/store"
)

// population is one of the file: its members are places in the list of architectures.
type population struct {
	Method     string `json:"method"`
	Seed       uint64 `json:"seed"`
	Generation int    `json:"generation"`
	Born       []int  `json:"born,omitempty"`
	Survived   []int  `json:"survived,omitempty"`
}

// writePopulations writes the populations of a run, a line each.
func writePopulations(all []analysis.Population) func(io.Writer) error {
	return func(w io.Writer) error {
		out := bufio.NewWriter(w)
		between := "[\n"
		for _, p := range all {
			text, err := json.Marshal(population(p))
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s%s", between, text)
			between = ",\n"
		}
		fmt.Fprint(out, "\n]\n")
		return out.Flush()
	}
}

// populations reads those of a run; nil where it is not over searches. Members are places in all its architectures.
func (r *Run) populations() ([]analysis.Population, error) {
	if r.Manifest.Populations == 0 {
		return nil, nil
	}
	path := filepath.Join(r.Dir, populationsFile)
	data, _, err := scoring.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var read []population
	if err := strictjson.Unmarshal(data, &read); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	}
	if len(read) != r.Manifest.Populations {
		return nil, fmt.Errorf("%s: %d populations, the manifest says %d: the run folder is damaged", path, len(read),
			r.Manifest.Populations)
	}
	type name struct {
		method           string
		seed, generation uint64
	}
	known := map[name]bool{}
	last := make([]int, r.Manifest.Architectures) // list of members that has it
	lists := 0
	out := make([]analysis.Population, len(read))
	for i, p := range read {
		what := name{p.Method, p.Seed, uint64(p.Generation)}
		switch {
		case !yamldoc.IsName(p.Method) || p.Generation < 1:
			return nil, fmt.Errorf("%s: damaged: population %d: must have a method and a generation from 1", path, i)
		case known[what]:
			return nil, fmt.Errorf("%s: damaged: generation %d of %s, seed %d, stands twice", path, p.Generation, p.Method,
				p.Seed)
		}
		known[what] = true
		for _, members := range [][]int{p.Born, p.Survived} {
			lists++
			for _, m := range members {
				if m < 0 || m >= len(last) || last[m] == lists {
					return nil, fmt.Errorf("%s: damaged: generation %d of %s, seed %d: member %d: must be one of %d architectures, "+
						"each once", path, p.Generation, printable.Cut(p.Method, maxTitle), p.Seed, m, len(last))
				}
				last[m] = lists
			}
		}
		out[i] = analysis.Population(p)
	}
	return out, nil
}

// loadPopulations finds the populations among loaded architectures. A part of a study, which has a part of each, has
// none.
func (r *Run) loadPopulations(all []store.Named, out *analysis.Results) error {
	found, err := r.populations()
	if err != nil || found == nil {
		return err
	}
	if digestOf(all, r.Manifest.Questions, found) != r.Manifest.Digest {
		return fmt.Errorf("%s: not what the run began with: the run folder is damaged", filepath.Join(r.Dir, populationsFile))
	}
	if r.Manifest.Shard.Count > 0 {
		out.From.Notes = append(out.From.Notes, "The populations of the searches come with the merged run: a part of the "+
			"study has a part of each.")
		return nil
	}
	loaded := make(map[string]int, len(out.Architectures))
	for i, a := range out.Architectures {
		loaded[a.ID] = i
	}
	for i, p := range found {
		for _, members := range [][]int{p.Born, p.Survived} {
			for k, m := range members {
				members[k] = loaded[all[m].ID]
			}
			slices.Sort(members)
		}
		found[i] = p
	}
	out.Populations = found
	return nil
}
