package surrogate

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/internal/input"
	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
)

// modelSuffix ends the names of NAS-Bench-301's model files.
const modelSuffix = "surrogate_model.model"

// ErrSeveral says that a folder or archive holds more than one ensemble.
var ErrSeveral = errors.New("holds several ensembles: name one of them")

// Load reads the surrogate at path: a file that Save wrote, one of NAS-Bench-301's model files, a folder with members
// of an ensemble, a member's folder, or the published archive. Where there are several ensembles the error is
// ErrSeveral.
func Load(path string) (*Ensemble, error) { return LoadNamed(path, "") }

// LoadNamed reads one of the ensembles that Ensembles lists.
func LoadNamed(path, ensemble string) (*Ensemble, error) {
	var e *Ensemble
	err := open(path, func(s *source) (err error) {
		e, err = s.load(ensemble)
		return err
	})
	return e, err
}

// Ensembles lists the ensembles at path by the folders they lie in. What is no folder or archive has one, "".
func Ensembles(path string) ([]string, error) {
	var names []string
	err := open(path, func(s *source) error {
		for _, g := range s.groups {
			names = append(names, g.name)
		}
		return nil
	})
	return names, err
}

// source is a place that holds one or more ensembles.
type source struct {
	path   string
	files  fs.FS // nil for a single file
	most   int64 // bytes that may still be unpacked from an archive; 0 for a folder
	data   []byte
	groups []group
}

// group is a folder of members.
type group struct {
	name    string   // the folder's path in the source
	members []string // paths of the model files, sorted
}

// maxStream bounds what a pipe or a device gives, whose size is not known before.
const maxStream = 64 << 20

// open finds out what lies at path and hands it to use, before it is closed.
func open(path string, use func(*source) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	s := &source{path: path}
	if info.IsDir() {
		s.files = os.DirFS(path)
		if err := s.find(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return use(s)
	}
	most := int64(maxStream)
	if info.Mode().IsRegular() {
		most = maxModelBytes
		archive, err := zip.OpenReader(path)
		if err == nil {
			defer archive.Close()
			if isPublished(archive.File) {
				s.files, s.most = archive, maxRatio*info.Size()+maxStream
				if err = checkEntries(archive.File); err == nil {
					err = s.find()
				}
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				return use(s)
			}
		}
	}
	if s.data, err = input.Read(path, most); err != nil {
		return err
	}
	s.groups = []group{{}}
	return use(s)
}

// Bounds of the entries of an archive, and of the files in a folder.
const (
	maxEntries = 100_000
	maxName    = 1000 // bytes
	maxFolders = 100  // above a file; the zip package makes an entry of each
)

// checkEntries looks at the names of an archive before it is taken for a folder.
func checkEntries(files []*zip.File) error {
	if len(files) > maxEntries {
		return fmt.Errorf("%d entries: want at most %d", len(files), maxEntries)
	}
	for _, f := range files {
		switch name := printable.Cut(f.Name, 80); {
		case len(f.Name) > maxName:
			return fmt.Errorf("entry %q: a name of %d bytes: want at most %d", name, len(f.Name), maxName)
		case strings.Count(f.Name, "/") > maxFolders:
			return fmt.Errorf("entry %q: in %d folders: want at most %d", name, strings.Count(f.Name, "/"), maxFolders)
		case !fs.ValidPath(strings.TrimSuffix(f.Name, "/")):
			return fmt.Errorf("entry %q: want a path inside the archive", name)
		}
	}
	return nil
}

// isPublished reports whether a zip is an archive of members, and not one model in PyTorch's zip format.
func isPublished(files []*zip.File) bool {
	return slices.ContainsFunc(files, func(f *zip.File) bool {
		return strings.HasSuffix(f.Name, modelSuffix) || strings.HasSuffix(f.Name, modelConfigName)
	}) || !slices.ContainsFunc(files, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "data.pkl") })
}

// added reports whether a file or folder was added by macOS, which keeps notes about every file beside it.
func added(name string) bool {
	return name == "__MACOSX" || name == ".DS_Store" || strings.HasPrefix(name, "._")
}

// find groups the model files by the folder above their member's folder.
func (s *source) find() error {
	entries, skipped := 0, 0
	byName := map[string]int{}
	err := fs.WalkDir(s.files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entries++; entries > maxEntries {
			return fmt.Errorf("more than %d files: want the folder of an ensemble", maxEntries)
		}
		switch {
		case added(path.Base(p)):
			skipped++
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !strings.HasSuffix(p, modelSuffix):
			return nil
		}
		name := path.Dir(path.Dir(p))
		i, known := byName[name]
		if !known {
			i = len(s.groups)
			byName[name] = i
			s.groups = append(s.groups, group{name: name})
		}
		s.groups[i].members = append(s.groups[i].members, p)
		return nil
	})
	if err != nil {
		return err
	}
	if len(s.groups) == 0 {
		also := ""
		if skipped > 0 {
			also = " (what macOS adds, __MACOSX and ._*, is left out)"
		}
		return fmt.Errorf("no file is named *%s: want an ensemble of NAS-Bench-301%s", modelSuffix, also)
	}
	for _, g := range s.groups {
		slices.Sort(g.members)
	}
	return nil
}

// load reads one ensemble.
func (s *source) load(name string) (*Ensemble, error) {
	if s.files == nil {
		if name != "" {
			return nil, fmt.Errorf("%s: ensemble %q: the file holds one, without a name", s.path, name)
		}
		e, err := s.loadFile()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		return e, nil
	}
	i := 0
	var names []string
	for _, g := range s.groups {
		names = append(names, g.name)
	}
	switch {
	case name != "":
		if i = slices.Index(names, name); i < 0 {
			return nil, fmt.Errorf("%s: ensemble %q: it holds %s", s.path, name, list(names))
		}
	case len(names) > 1:
		return nil, fmt.Errorf("%s: %w: %s", s.path, ErrSeveral, list(names))
	}
	e, err := s.loadGroup(s.groups[i])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return e, nil
}

// list names the first of many.
func list(names []string) string {
	const most = 20
	more := ""
	if n := len(names) - most; n > 0 {
		names, more = names[:most], fmt.Sprintf(" and %d more", n)
	}
	const long = 200
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = printable.Cut(name, long)
	}
	return strings.Join(short, ", ") + more
}

// loadFile reads a single file: ours, or one model.
func (s *source) loadFile() (*Ensemble, error) {
	if bytes.HasPrefix(s.data, fileMagic) {
		return decodeFile(s.data)
	}
	name := filepath.Base(s.path)
	var config *modelConfig
	kind, unit := "", ""
	raw, err := input.Read(filepath.Join(filepath.Dir(s.path), modelConfigName), maxConfig)
	if err == nil {
		config = new(modelConfig)
		*config, kind, unit, err = parseConfig(raw)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s beside it: %w", modelConfigName, err)
	}
	m, err := parseModel(name, s.data, config)
	if err != nil {
		return nil, err
	}
	if kind != "" && m.kind() != kind {
		return nil, fmt.Errorf("a model of kind %s, but %s beside it says %s", m.kind(), modelConfigName, config.Model)
	}
	return newEnsemble(strings.TrimSuffix(name, filepath.Ext(name)), unit, []*model{m})
}

// Names of the configuration files beside a model, and how large they may be.
const (
	maxConfig = 1 << 20

	modelConfigName = "model_config.json"
	dataConfigName  = "data_config.json"
)

// loadGroup reads the members of a folder. As upstream, the configuration of the first member holds for all.
func (s *source) loadGroup(g group) (*Ensemble, error) {
	first := path.Dir(g.members[0])
	config, kind, unit, err := s.configs(first)
	if err != nil {
		return nil, err
	}
	var models []*model
	for _, p := range g.members {
		data, err := s.read(p, maxModelBytes)
		if err != nil {
			return nil, err
		}
		m, err := parseModel(s.memberName(p), data, config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		if m.kind() != kind {
			return nil, fmt.Errorf("%s: a model of kind %s, but %s says %s", p, m.kind(), path.Join(first, modelConfigName),
				config.Model)
		}
		models = append(models, m)
	}
	name := path.Base(g.name)
	if name == "." || name == ".." {
		name = filepath.Base(s.absolute())
		name = strings.TrimSuffix(name, ".zip")
	}
	return newEnsemble(name, unit, models)
}

// memberName is the name of the folder that a model file lies in.
func (s *source) memberName(p string) string {
	if dir := path.Dir(p); dir != "." {
		return path.Base(dir)
	}
	return filepath.Base(s.absolute())
}

func (s *source) absolute() string {
	if p, err := filepath.Abs(s.path); err == nil {
		return p
	}
	return s.path
}

// configs reads the two configuration files of a member.
func (s *source) configs(dir string) (*modelConfig, string, string, error) {
	fail := func(err error) (*modelConfig, string, string, error) { return nil, "", "", err }
	name := path.Join(dir, dataConfigName)
	raw, err := s.read(name, maxConfig)
	if err != nil {
		return fail(err)
	}
	var data struct {
		Seed *json.Number `json:"seed"`
	}
	if err := strictjson.Unmarshal(raw, &data); err != nil {
		return fail(fmt.Errorf("%s: %w", name, err))
	}
	if data.Seed == nil {
		return fail(fmt.Errorf("%s: no seed: want the configuration of an ensemble's data", name))
	}
	name = path.Join(dir, modelConfigName)
	if raw, err = s.read(name, maxConfig); err != nil {
		return fail(err)
	}
	c, kind, unit, err := parseConfig(raw)
	if err != nil {
		return fail(fmt.Errorf("%s: %w", name, err))
	}
	return &c, kind, unit, nil
}

// maxRatio is how much an entry of an archive, and the archive as a whole, may be compressed. Models shrink to a fifth.
const maxRatio = 20

// read reads a file of the source of bounded size.
func (s *source) read(name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(s.files, name) // before it is opened: a pipe would wait
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: missing: want it beside the model", name)
		}
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: a folder, pipe or device: want a file", name)
	}
	size := info.Size()
	if entry, ok := info.Sys().(*zip.FileHeader); ok {
		if entry.UncompressedSize64 > maxRatio*(entry.CompressedSize64+1<<16) {
			return nil, fmt.Errorf("%s: %d bytes from %d: compressed more than %d times", name, entry.UncompressedSize64,
				entry.CompressedSize64, maxRatio)
		}
		if s.most -= size; s.most < 0 {
			return nil, fmt.Errorf("%s: the archive's models are compressed more than %d times", name, maxRatio)
		}
	}
	f, err := s.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("%s: %d bytes: want at most %d", name, size, limit)
	}
	data := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := io.Copy(data, io.LimitReader(f, size+1)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(data.Len()) != size {
		return nil, fmt.Errorf("%s: read %d bytes of %d", name, data.Len(), size)
	}
	return data.Bytes(), nil
}
