package study

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"rwe301/internal/printable"
)

// PartFolder is the folder of a part of a study whose merged run is in dir; of the whole study it is dir itself.
func PartFolder(dir string, part Shard) string {
	if part.Count < 2 {
		return dir
	}
	return fmt.Sprintf("%s-%d-of-%d", dir, part.Index, part.Count)
}

// Parted says into how many parts a study was parted of which there are runs beside its merged run in dir, ascending.
func Parted(dir string) (counts []int) {
	dir = filepath.Clean(dir)
	part := regexp.MustCompile("^" + regexp.QuoteMeta(filepath.Base(dir)) + `-\d+-of-(\d+)$`)
	entries, _ := filepath.Glob(filepath.Join(globbed(filepath.Dir(dir)), "*", manifestFile))
	for _, path := range entries {
		if m := part.FindStringSubmatch(filepath.Base(filepath.Dir(path))); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil && n > 1 {
				counts = append(counts, n)
			}
		}
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// globbed is a path as a pattern of filepath.Glob that only it matches.
func globbed(path string) string { return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(path, `\$0`) }

// Standing is how far the run of a part of a study has come.
type Standing struct {
	Begun          bool
	Asked, Missing int // scores
	Failed         int
}

// Standing says how far the part of the study has come that is or will be in dir. The run of another study or part is
// an error, and so is that of another version code of the program, which may not go on with it.
func (p *Plan) Standing(dir string, part Shard, code string) (s Standing, err error) {
	r, err := Open(dir)
	if errors.Is(err, errNoRun) {
		return Standing{}, free(dir)
	}
	if err != nil {
		return Standing{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	switch m := r.Manifest; {
	case m.Digest != p.digest || m.Copied:
		return s, fmt.Errorf("%s: the run of another study, or the definition or a file it names has changed since: --out "+
			"names another folder", dir)
	case m.Shard != part && (part.Count > 1 || m.Shard.Count > 1):
		return s, fmt.Errorf("%s: not %s of the study: --out names another folder", dir, part.describe())
	}
	s, err = r.count()
	s.Begun = true
	if err == nil && s.Missing > 0 && r.Manifest.Code != code {
		err = fmt.Errorf("%s: begun by version %s, this is %s: go on with that version, or --out names another folder", dir,
			printable.Cut(r.Manifest.Code, 60), code)
	}
	return s, err
}

// describe is a part in words.
func (s Shard) describe() string {
	if s.Count == 0 {
		return "the whole"
	}
	return "shard " + s.String()
}
