package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rwe301/internal/atomicfile"
	"rwe301/internal/strictjson"
	"rwe301/scoring"
	"rwe301/search"
)

// Searching is a run folder whose searches come first. It holds the definition, what was begun, and the searches in a
// folder of their own; when they are finished it becomes a run.
type Searching struct {
	Dir      string
	Plan     *Plan
	Searches *search.Searches
	Begun    scoring.Machine

	begun      begun
	definition []byte
}

// begun is what a run folder keeps until it has a manifest.
type begun struct {
	Format int             `json:"format"`
	Shard  Shard           `json:"shard"`
	Base   string          `json:"base"`             // folder that relative paths of the definition start from
	Images *scoring.Images `json:"images,omitempty"` // of the searches, in place of their own
	Code   string          `json:"code"`
	CPU    string          `json:"cpu"`
}

// IsSearching says whether a folder is a run whose searches are not finished.
func IsSearching(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err == nil {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, searchingFile))
	return err == nil && info.Mode().IsRegular()
}

// SearchFolder is the folder of the searches that a run begins with.
func SearchFolder(dir string) string { return filepath.Join(dir, searchesFolder) }

func (r *Run) searchFolder() string { return SearchFolder(r.Dir) }

// Search begins the run folder dir of a plan whose searches come first. definition is the text of the definition. A
// folder that exists already is an error.
func Search(ctx context.Context, dir string, p *Plan, definition []byte, shard Shard, m scoring.Machine) (*Searching,
	error) {
	if err := free(dir); err != nil {
		return nil, err
	}
	base, err := filepath.Abs(p.Definition.base)
	if err != nil {
		return nil, err
	}
	s := &Searching{Dir: dir, Plan: p, definition: definition, Begun: m, begun: begun{
		Format: runFormat, Shard: shard, Base: base, Images: p.Definition.Architectures.Search.Images,
		Code: m.Code, CPU: m.CPU,
	}}
	text, err := json.MarshalIndent(s.begun, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	err = atomicfile.WriteBytes(filepath.Join(dir, definitionFile), definition)
	if err == nil {
		err = atomicfile.WriteBytes(filepath.Join(dir, searchingFile), append(text, '\n'))
	}
	if err == nil {
		s.Searches, err = search.Create(ctx, SearchFolder(dir), *p.Searches, m)
	}
	if err != nil && !search.Is(SearchFolder(dir)) { // nothing was begun
		_ = os.Remove(filepath.Join(dir, searchingFile))
		_ = os.Remove(filepath.Join(dir, definitionFile))
		_ = os.Remove(dir)
	}
	return s, err
}

// ReopenSearch opens a run folder whose searches are not finished, to go on with them. A second process is refused.
func ReopenSearch(ctx context.Context, dir string, m scoring.Machine) (s *Searching, err error) {
	s = &Searching{Dir: dir}
	path := filepath.Join(dir, searchingFile)
	data, _, err := scoring.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := strictjson.Unmarshal(data, &s.begun); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	}
	b := s.begun
	if b.Format != runFormat {
		return nil, fmt.Errorf("%s: a run of format %d; this program reads format %d: use the version that wrote it "+
			"(%s)", dir, b.Format, runFormat, b.Code)
	}
	if err := b.Shard.validate(); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	}
	s.Begun = scoring.Machine{Code: b.Code, CPU: b.CPU}
	path = filepath.Join(dir, definitionFile)
	if s.definition, _, err = scoring.ReadFile(path); err != nil {
		return nil, err
	}
	d, err := Parse(path, s.definition)
	if err != nil {
		return nil, err
	}
	if d.Architectures.Search == nil {
		return nil, fmt.Errorf("%s: its architectures come from no searches, and searches were begun: start a new run", path)
	}
	d.base, d.searching, d.Architectures.Search.Images = b.Base, SearchFolder(dir), b.Images
	if s.Plan, err = Prepare(ctx, d); err != nil {
		return nil, err
	}
	if s.Plan.Searches == nil {
		return nil, errors.Join(fmt.Errorf("%s: names a folder of searches, and searches were begun: start a new run", path),
			s.Plan.Close())
	}
	if search.Is(SearchFolder(dir)) {
		s.Searches, err = search.OpenForWriting(ctx, SearchFolder(dir), m)
	} else {
		s.Searches, err = search.Create(ctx, SearchFolder(dir), *s.Plan.Searches, m)
	}
	if err != nil {
		return nil, errors.Join(err, s.Plan.Close())
	}
	return s, nil
}

// Finish makes the folder a run, once the searches are finished, and closes them. The plan then has its
// architectures.
func (s *Searching) Finish(ctx context.Context, m scoring.Machine) (*Run, error) {
	err := s.Plan.take(ctx, s.Searches)
	if err := errors.Join(err, s.Searches.Close()); err != nil {
		return nil, err
	}
	s.Plan.noteSearches()
	s.Plan.searchDir, s.Plan.digest = SearchFolder(s.Dir), s.Plan.digestOf()
	r, err := s.Plan.create(s.Dir, s.definition, s.begun.Shard, m)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(s.Dir, searchingFile)) // the manifest stands for it
	return r, nil
}

// Shard is the part of the study that the folder will hold.
func (s *Searching) Shard() Shard { return s.begun.Shard }

// Close releases the searches, whether they are finished or not.
func (s *Searching) Close() error { return s.Searches.Close() }
