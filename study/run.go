package study

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"rwe301/analysis"
	"rwe301/internal/atomicfile"
	"rwe301/internal/strictjson"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/store"
)

// The files of a run folder.
const (
	definitionFile    = "study.yaml"
	manifestFile      = "manifest.json"
	architecturesFile = "architectures.csv"
	populationsFile   = "populations.json" // of a study over searches
	scoresFile        = "scores.db"
	searchesFolder    = "search"         // the searches that a study runs first
	searchingFile     = "searching.json" // what was begun, until the searches are finished
	checkpointsFolder = "checkpoints"    // of networks in training; gone when all is scored
)

// runFormat is the version of the run folder.
const runFormat = 1

// Shard is one of several parts of a study that run on their own: Index of Count, counted from 1. The zero value is the
// whole study.
type Shard struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

// ParseShard reads "3/16".
func ParseShard(text string) (Shard, error) {
	var s Shard
	var rest string
	n, _ := fmt.Sscanf(text, "%d/%d%s", &s.Index, &s.Count, &rest)
	if n != 2 || s.Index < 1 || s.Index > s.Count || s.Count > maxSample {
		return Shard{}, fmt.Errorf("shard %q: must be like 3/16: the third of sixteen", text)
	}
	return s, nil
}

func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// validate says what no shard is.
func (s Shard) validate() error {
	if s != (Shard{}) && (s.Index < 1 || s.Index > s.Count) {
		return fmt.Errorf("shard: %d of %d: must be one of so many", s.Index, s.Count)
	}
	return nil
}

// has says whether architecture i of the study belongs to the shard.
func (s Shard) has(i int) bool { return s.Count == 0 || i%s.Count == s.Index-1 }

// size is the number of architectures of the shard, of n in all.
func (s Shard) size(n int) int {
	if s.Count == 0 {
		return n
	}
	return (n - s.Index + s.Count) / s.Count
}

// Manifest says what a run is made of.
type Manifest struct {
	Format        int               `json:"format"`
	Name          string            `json:"name"`
	Digest        string            `json:"digest"` // of architectures and questions: equal digests mean the same study
	Shard         Shard             `json:"shard"`
	Space         string            `json:"space"`
	Architectures int               `json:"architectures"`         // of the whole study
	Populations   int               `json:"populations,omitempty"` // of searches
	Origin        string            `json:"origin"`                // where they come from
	Truth         string            `json:"truth"`
	Unit          string            `json:"unit"`
	Questions     []*store.Question `json:"questions"`
	Notes         []string          `json:"notes,omitempty"`
	Base          string            `json:"base"` // folder that relative paths of the definition start from
	Code          string            `json:"code"`
	Go            string            `json:"go"`
	Platform      string            `json:"platform"`
	CPU           string            `json:"cpu"`
	Cores         int               `json:"cores"`
	Created       time.Time         `json:"created"`
	Copied        bool              `json:"copied,omitempty"` // from other runs: what is missing was never asked for
}

// Run is a run folder, open for writing or for reading.
type Run struct {
	Dir      string
	Manifest Manifest
	Store    *store.SQLite
}

// Create makes the run folder dir for a plan. definition is the text of the definition. A folder that exists already is
// an error.
func Create(dir string, p *Plan, definition []byte, shard Shard, m scoring.Machine) (*Run, error) {
	if err := free(dir); err != nil {
		return nil, err
	}
	return p.create(dir, definition, shard, m)
}

// create is Create in a folder that is known to be free.
func (p *Plan) create(dir string, definition []byte, shard Shard, m scoring.Machine) (*Run, error) {
	if p.Searches != nil {
		return nil, fmt.Errorf("%s: the searches of the study come first", p.Definition.file)
	}
	base, err := filepath.Abs(p.Definition.base)
	if err != nil {
		return nil, err
	}
	manifest := Manifest{
		Format: runFormat, Name: p.Definition.Name, Digest: p.digest, Shard: shard, Space: p.Space.Name(),
		Architectures: len(p.Architectures), Populations: len(p.Populations), Origin: p.Origin, Notes: p.Notes,
		Base: base, Code: m.Code, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPU: m.CPU,
		Cores:   runtime.NumCPU(),
		Created: time.Now().UTC().Truncate(time.Second),
	}
	if p.Truth != nil {
		manifest.Truth, manifest.Unit = p.Truth.Name, p.Truth.Unit
	}
	for _, q := range p.Questions {
		manifest.Questions = append(manifest.Questions, &q.Question)
	}
	return create(dir, manifest, definition, namedArchitectures(named(p.Architectures)), p.Populations)
}

// free says why a folder cannot become one of a run.
func free(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err == nil || IsSearching(dir) {
		return fmt.Errorf("%s: a run already: `study resume` goes on with it; --out names another folder", dir)
	}
	if !atomicfile.Vacant(dir, definitionFile, architecturesFile, populationsFile, scoresFile, manifestFile,
		search.PythonFolder) {
		return fmt.Errorf("%s: not empty: --out names another folder", dir)
	}
	return nil
}

// create writes a run folder; the manifest, which makes it one, comes last.
func create(dir string, m Manifest, definition []byte, archs func(io.Writer) error,
	populations []analysis.Population) (*Run, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	s, err := store.OpenSQLite(filepath.Join(dir, scoresFile))
	if err != nil {
		return nil, err
	}
	if err := atomicfile.RemoveStale(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	text, err := json.MarshalIndent(m, "", "  ")
	for _, write := range []func() error{
		func() error { return err },
		func() error { return atomicfile.WriteBytes(filepath.Join(dir, definitionFile), definition) },
		func() error { return atomicfile.Write(filepath.Join(dir, architecturesFile), archs) },
		func() error {
			if populations == nil {
				return nil
			}
			return atomicfile.Write(filepath.Join(dir, populationsFile), writePopulations(populations))
		},
		func() error { return atomicfile.WriteBytes(filepath.Join(dir, manifestFile), append(text, '\n')) },
	} {
		if err := write(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return &Run{dir, m, s}, nil
}

// namedArchitectures writes the architectures of a run.
func namedArchitectures(archs []store.Named) func(io.Writer) error {
	return func(w io.Writer) error {
		out := csv.NewWriter(w)
		_ = out.Write([]string{"id", "arch"}) // an error stays in the writer until flush
		for _, a := range archs {
			_ = out.Write([]string{a.ID, a.Arch})
		}
		out.Flush()
		return out.Error()
	}
}

// Open opens a run folder for reading; a run in progress is not disturbed.
func Open(dir string) (*Run, error) {
	return open(dir, store.ReadSQLite)
}

// OpenForWriting opens a run folder to go on with it. A second process is refused. What killed processes left half
// written in it is removed.
func OpenForWriting(dir string) (*Run, error) {
	r, err := open(dir, store.ReopenSQLite)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(dir, searchingFile)) // of a process that was killed as the folder became a run
	if err := atomicfile.RemoveStale(dir); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func open(dir string, scores func(path string) (*store.SQLite, error)) (*Run, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	s, err := scores(filepath.Join(dir, scoresFile))
	if err != nil {
		return nil, err
	}
	return &Run{dir, m, s}, nil
}

// errNoRun is that of a folder that is no run, or is not there.
var errNoRun = errors.New("no run folder")

func readManifest(dir string) (Manifest, error) {
	path := filepath.Join(dir, manifestFile)
	data, _, err := scoring.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && IsSearching(dir) {
		return Manifest{}, fmt.Errorf("%s: its searches are not finished: bench301 study resume goes on with them; %s holds "+
			"what there is", dir, filepath.Join(dir, searchesFolder))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("%s: %w: it has no %s", dir, errNoRun, manifestFile)
	}
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	if err := strictjson.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s: damaged: %w", path, err)
	}
	if m.Format != runFormat {
		return Manifest{}, fmt.Errorf("%s: a run of format %d; this program reads format %d: use the version that wrote it "+
			"(%s)", dir, m.Format, runFormat, m.Code)
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("%s: damaged: %w", path, err)
	}
	return m, nil
}

// validate says what no run has.
func (m *Manifest) validate() error {
	switch {
	case m.Architectures < 1:
		return fmt.Errorf("architectures: %d: must be at least 1", m.Architectures)
	case m.Populations < 0:
		return fmt.Errorf("populations: %d: must not be negative", m.Populations)
	case m.Shard.validate() != nil:
		return m.Shard.validate()
	case len(m.Questions) == 0:
		return errors.New("questions: none")
	}
	asked := map[store.Key]bool{}
	for i, q := range m.Questions {
		switch {
		case q == nil || q.Estimator == "" || len(q.Seeds) == 0:
			return fmt.Errorf("questions[%d]: must have an estimator and seeds", i)
		case asked[q.Key()]:
			return fmt.Errorf("questions[%d]: %s stands twice", i, q.Label)
		}
		asked[q.Key()] = true
		for k, seed := range q.Seeds {
			if slices.Contains(q.Seeds[:k], seed) {
				return fmt.Errorf("questions[%d]: the seed %d stands twice", i, seed)
			}
		}
	}
	return nil
}

// Close releases the folder.
func (r *Run) Close() error { return r.Store.Close() }

// Definition reads the definition that the run was made from.
func (r *Run) Definition() (*Definition, error) {
	if r.Manifest.Copied {
		return nil, fmt.Errorf("%s: its scores were taken from other runs: there is nothing to go on with", r.Dir)
	}
	path := filepath.Join(r.Dir, definitionFile)
	data, _, err := scoring.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	d.base = r.Manifest.Base
	if d.Architectures.Search != nil {
		d.run = r.Dir
	}
	return d, nil
}

// Architectures reads the architectures of the study, in its order.
func (r *Run) Architectures() ([]store.Named, error) {
	path := filepath.Join(r.Dir, architecturesFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReader(f))
	in.FieldsPerRecord = 2
	in.ReuseRecord = true
	var out []store.Named
	seen := map[string]bool{}
	for header := true; ; header = false {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if header {
			continue
		}
		a := store.Named{ID: rec[0], Arch: rec[1]}
		line, _ := in.FieldPos(0)
		if err := a.Validate(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w: the run folder is damaged", path, line, err)
		}
		if seen[a.ID] {
			return nil, fmt.Errorf("%s:%d: the architecture %s stands twice: the run folder is damaged", path, line, a.ID)
		}
		seen[a.ID] = true
		out = append(out, a)
	}
	if len(out) != r.Manifest.Architectures {
		return nil, fmt.Errorf("%s: %d architectures, the manifest says %d: the run folder is damaged", path, len(out),
			r.Manifest.Architectures)
	}
	return out, nil
}
