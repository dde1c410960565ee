package analysis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/internal/suggest"
	"rwe301/store"
)

// Kind is a kind of what users name as a run: the folder of a study or of searches, a file of scores, a table.
type Kind struct {
	Name string
	Is   func(path string) bool // of a path that exists
	// Open reads what lies at a path, or at several where files of this kind count as one.
	Open    func(ctx context.Context, paths ...string) (*Results, error)
	Several bool
}

// Reference is a run as users name it: PATH, or PATH:ESTIMATOR for the scores of one estimator.
type Reference struct {
	Name      string // as it was given
	Path      string
	Estimator string // "" is all
	Kind      Kind   // the first one that it is
}

// Refer finds what a name means. A path may hold colons: the longest one that exists is meant.
func Refer(kinds []Kind, name string) (Reference, error) {
	r := Reference{Name: name, Path: name}
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], ':') {
		_, err := os.Stat(name[:end])
		if err == nil {
			if r.Path = name[:end]; end < len(name) {
				if r.Estimator = name[end+1:]; r.Estimator == "" {
					return r, fmt.Errorf("%s: name an estimator behind the colon", name)
				}
			}
			break
		}
		if end == len(name) && !errors.Is(err, fs.ErrNotExist) && !strings.Contains(name, ":") {
			return r, err
		}
	}
	if _, err := os.Stat(r.Path); err != nil {
		what := ""
		if filepath.Ext(name) == "" {
			what = "no run folder: "
		}
		return r, fmt.Errorf("%s: %sno such file or directory", name, what)
	}
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Is(r.Path) })
	if i < 0 {
		return r, fmt.Errorf("%s: no run folder, file of scores or table", r.Path)
	}
	r.Kind = kinds[i]
	return r, nil
}

// Open reads what is named, joined where it is several (see [Join]). Files of scores without an estimator are read as
// one. Runs that say nothing of accuracies have no Truth yet.
func Open(ctx context.Context, kinds []Kind, names ...string) (*Results, error) {
	type run struct {
		kind   Kind
		paths  []string
		wanted []string // estimators; nil are all
	}
	var runs []*run
	whole := map[string]bool{}
	var refs []Reference
	for _, name := range names {
		r, err := Refer(kinds, name)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
		whole[r.Path] = whole[r.Path] || r.Estimator == ""
	}
	for _, r := range refs {
		at := slices.IndexFunc(runs, func(o *run) bool {
			return slices.Contains(o.paths, r.Path) || whole[r.Path] && r.Kind.Several && o.kind.Name == r.Kind.Name &&
				o.wanted == nil
		})
		if at < 0 {
			at, runs = len(runs), append(runs, &run{kind: r.Kind})
		}
		o := runs[at]
		if !slices.Contains(o.paths, r.Path) {
			o.paths = append(o.paths, r.Path)
		}
		if !whole[r.Path] {
			o.wanted = append(o.wanted, r.Estimator)
		}
	}
	var all []*Results
	for _, o := range runs {
		r, err := o.kind.Open(ctx, o.paths...)
		if err == nil && o.wanted != nil {
			err = r.Pick(o.wanted...)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return Join(all...)
}

// nearIDs is the number of ids that an error names.
const nearIDs = 3

// Find finds the architectures whose ids begin with what is given: the one, or all for "".
func (r *Results) Find(id string) ([]int, error) {
	var found []int
	var names []string
	for i, a := range r.Architectures {
		if strings.HasPrefix(a.ID, id) {
			found, names = append(found, i), append(names, a.ID)
		}
	}
	switch {
	case id == "" || len(found) == 1:
		return found, nil
	case len(found) > 1:
		return nil, fmt.Errorf("%s: %d ids begin with %s: %s: write more of it", r.From.Dir, len(found), id,
			strings.Join(names[:min(len(names), nearIDs)], ", "))
	}
	near := slices.Clone(r.Architectures)
	slices.SortStableFunc(near, func(a, b store.Named) int { return common(b.ID, id) - common(a.ID, id) })
	for _, a := range near[:min(len(near), nearIDs)] {
		names = append(names, a.ID)
	}
	return nil, fmt.Errorf("%s: no architecture of its %d has the id %s; near it: %s", r.From.Dir, len(near), id,
		strings.Join(names, ", "))
}

// common is the length of what two ids begin with.
func common(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Pick keeps the columns of the estimators that are named: by label, in full, or by name with some of the settings,
// which may be several columns.
func (r *Results) Pick(wanted ...string) error {
	keep := map[*Column]bool{}
	for _, name := range wanted {
		found := columnsNamed(r.Columns, name)
		if len(found) == 0 {
			var labels []string
			for _, c := range r.Columns {
				labels = append(labels, c.Label)
			}
			return fmt.Errorf("%s: no scores of %q%s", r.From.Dir, name, suggest.Nearest(name, labels))
		}
		for _, c := range found {
			keep[c] = true
		}
	}
	r.Columns = slices.DeleteFunc(r.Columns, func(c *Column) bool { return !keep[c] })
	return nil
}

// columnsNamed finds what a name stands for, by the first way in which there are any columns: label, all settings,
// estimator, label in another case, and estimator with some of the settings.
func columnsNamed(columns []*Column, name string) (found []*Column) {
	estimator, settings, _ := strings.Cut(name, ":")
	for _, is := range []func(c *Column) bool{
		func(c *Column) bool { return c.Label == name },
		func(c *Column) bool { return c.Full == name },
		func(c *Column) bool { return c.Question.Estimator == name },
		func(c *Column) bool { return strings.EqualFold(c.Label, name) },
		func(c *Column) bool {
			levels := c.Levels()
			return c.Question.Estimator == estimator && !slices.ContainsFunc(strings.Split(settings, ","), func(s string) bool {
				key, value, ok := strings.Cut(s, "=")
				return !ok || levels[key] != value
			})
		},
	} {
		for _, c := range columns {
			if is(c) {
				found = append(found, c)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}
