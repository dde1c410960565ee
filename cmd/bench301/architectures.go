package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/study"
)

// archInput is how a command comes by its architectures: from arguments, files or standard input.
type archInput struct {
	in              io.Reader
	say             func(format string, args ...any) // hears what is left out; nil makes it an error
	space, notation string
	keep, repair    bool // genotypes whose nodes read one state twice, or the nearest architectures instead

	opened                  map[string]*analysis.Results // runs, by path
	read, repaired, changed int                          // architectures, and genes that repair changed
	repeating               int                          // architectures that read one state twice in a node
}

// archHelp explains archInput in a command's long help.
var archHelp = `Architectures are arguments, or stand in the files that arguments name (- is standard input), or come
from standard input when there are no arguments. A file is CSV with a column arch, JSON, JSON lines, text with one a
line, a file of Python (genotypes.py) or a log with genotypes in it. RUN:ID is an architecture of a run, or of a file
of scores, by the id that tables print, of which six digits may be enough; RUN are all of a run folder. Names of
published architectures work too:
` + strings.Join(knownNames(bench301.Spaces()...), ", ") + "."

// AddFlags gives a command the flags --space and --notation.
func (a *archInput) AddFlags(cmd *cobra.Command) {
	spaceFlag(&a.space)(cmd)
	cmd.Flags().StringVar(&a.notation, "notation", "", "read this notation only (default: whichever is "+
		"recognised): "+notationNames())
	cmd.Flags().BoolVar(&a.repair, "repair", false, "take the nearest architecture of the DARTS space for a genotype "+
		"whose node reads one state twice, as most of EvoXBench's do")
}

// notationNames lists the notations of all spaces for help texts.
func notationNames() string {
	var spaces []string
	for _, s := range bench301.Spaces() {
		var names []string
		for _, n := range s.Notations() {
			names = append(names, string(n))
		}
		spaces = append(spaces, s.Name()+": "+strings.Join(names, ", "))
	}
	return strings.Join(spaces, "; ")
}

// spaceFlag adds the flag --space.
func spaceFlag(space *string) func(*cobra.Command) {
	var names []string
	for _, s := range bench301.Spaces() {
		names = append(names, s.Name())
	}
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(space, "space", names[0], "search space: "+strings.Join(names, ", "))
	}
}

// open finds the space and the forced notation that the flags name.
func (a *archInput) open() (s bench301.Space, n bench301.Notation, err error) {
	if s, err = bench301.LookupSpace(a.space); err == nil && a.notation != "" {
		n, err = bench301.LookupNotation(s, a.notation)
	}
	if err != nil {
		return nil, "", usageError{err}
	}
	return s, n, nil
}

// each reads the architectures one after the other. The first error ends the sequence; it names file and line.
func (a *archInput) each(ctx context.Context, args []string) iter.Seq2[bench301.Item, error] {
	return func(yield func(bench301.Item, error) bool) {
		space, notation, err := a.open()
		if err != nil {
			yield(bench301.Item{}, err)
			return
		}
		if len(args) == 0 {
			if f, ok := a.in.(*os.File); ok && isTerminal(f) {
				yield(bench301.Item{}, usagef("name architectures or files, or pipe architectures in"))
				return
			}
			args = []string{"-"}
		}
		defer a.tellRepairs()
		for i, arg := range args {
			for item, err := range a.source(ctx, space, notation, i, arg) {
				if err == nil {
					err = ctx.Err()
				} else if other := spaceOf(space, arg); other != "" {
					err = fmt.Errorf("%w (of the space %s: --space %[2]s)", err, other)
				}
				if item.Repaired > 0 {
					a.repaired, a.changed = a.repaired+1, a.changed+item.Repaired
				}
				if _, repeats := item.Architecture.(bench301.Repeating); repeats {
					a.repeating++
				}
				a.read++
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}

// tellRepairs says how much --repair changed, or how many are outside the space.
func (a *archInput) tellRepairs() {
	switch {
	case a.say == nil:
	case a.repair:
		a.say("--repair: %d of %d architectures changed, %d genes in all", a.repaired, a.read, a.changed)
	case a.repeating > 0:
		a.say("%d of %d read one state twice in a node: they are not in the DARTS space, and have no accuracy (--repair "+
			"takes the nearest architectures)", a.repeating, a.read)
	}
}

// spaceOf names the other space whose architectures an argument begins with, "" where there is none.
func spaceOf(space bench301.Space, arg string) string {
	for _, other := range bench301.Spaces() {
		if other.Name() == space.Name() {
			continue
		}
		if _, _, err := other.Parse(arg); err == nil {
			return other.Name()
		}
		f, err := os.Open(arg)
		if err != nil {
			continue
		}
		for _, err = range (bench301.Reader{Space: other}).Read(arg, f) {
			break
		}
		f.Close()
		if err == nil {
			return other.Name()
		}
	}
	return ""
}

// source reads the architectures that argument i stands for.
func (a *archInput) source(ctx context.Context, space bench301.Space, notation bench301.Notation, i int,
	arg string) iter.Seq2[bench301.Item, error] {
	if path, id, ok := idInRun(space, arg); ok {
		return a.fromRun(ctx, space, path, id)
	}
	r := bench301.Reader{Space: space, Notation: notation}
	switch {
	case a.repair:
		r.Repeats = bench301.RepairRepeats
	case a.keep:
		r.Repeats = bench301.KeepRepeats
	}
	if a.say != nil {
		r.Note = func(err error) { a.say("%v", err) }
	}
	if looksLikeArch(space, arg) {
		return r.Read(fmt.Sprintf("argument %d", i+1), strings.NewReader(arg))
	}
	if arg == "-" {
		return r.Read("stdin", a.in)
	}
	if k, ok := bench301.KnownNetwork(space, arg); ok {
		return func(yield func(bench301.Item, error) bool) {
			yield(bench301.Item{Architecture: k.Architecture, Notation: k.Notation, File: k.Name, Line: 1}, nil)
		}
	}
	return func(yield func(bench301.Item, error) bool) {
		f, err := os.Open(arg)
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				err = fmt.Errorf("%s: neither a file nor an architecture%s", arg, suggestion(space, arg))
				if r, bad := analysis.Refer(kinds(&study.Sources{}), arg); bad == nil && r.Estimator != "" {
					err = fmt.Errorf("%s: no id of an architecture: 6 to 16 hexadecimal digits, as tables print them",
						printable.Cut(arg, 100))
				}
			}
			yield(bench301.Item{}, err)
			return
		}
		defer f.Close()
		for item, err := range r.Read(arg, f) {
			if !yield(item, err) {
				return
			}
		}
	}
}

// anID is an id, or how one begins.
var anID = regexp.MustCompile("^[0-9a-fA-F]{6,16}$")

// idInRun tells RUN:ID, and a run folder, which has the id ""; the path is "" of an id without a run.
func idInRun(space bench301.Space, arg string) (path, id string, ok bool) {
	if _, err := os.Stat(arg); err == nil {
		kind, _ := runFolder(arg)
		return arg, "", kind != ""
	}
	if _, _, err := space.Parse(arg); err == nil {
		return "", "", false
	}
	colon := strings.LastIndexByte(arg, ':')
	path, id = arg[:max(colon, 0)], strings.ToLower(arg[colon+1:])
	return path, id, anID.MatchString(id) && (colon > 0 || colon < 0 && strings.Trim(id, "0123456789") != "")
}

// fromRun reads an architecture of a run, or all of them.
func (a *archInput) fromRun(ctx context.Context, space bench301.Space, path, id string) iter.Seq2[bench301.Item,
	error] {
	return func(yield func(bench301.Item, error) bool) {
		r, err := a.openRun(ctx, path, id)
		if err == nil && r.Space.Name() != space.Name() {
			err = fmt.Errorf("%s: of the space %s, not %s: --space says which", path, r.Space.Name(), space.Name())
		}
		found := []int{}
		if err == nil {
			found, err = r.Find(id)
		}
		if err != nil {
			yield(bench301.Item{}, err)
			return
		}
		for _, i := range found {
			arch, err := r.Architecture(i)
			item := bench301.Item{Architecture: arch, Notation: space.Notations()[0], File: path, Line: i + 1}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// openRun reads a run, once.
func (a *archInput) openRun(ctx context.Context, path, id string) (*analysis.Results, error) {
	if path == "" {
		return nil, usagef("%s: neither a file nor an architecture; an id stands behind the run that it comes from: "+
			"RUN:%[1]s", id)
	}
	if r := a.opened[path]; r != nil {
		return r, nil
	}
	o := sourceOptions{asked: true} // the run's own accuracies are not wanted
	r, err := analysis.Open(ctx, kinds(o.sources(silent)), path)
	if err == nil && a.opened == nil {
		a.opened = map[string]*analysis.Results{}
	}
	if err == nil {
		a.opened[path] = r
	}
	return r, err
}

// knownNames are the names of the published architectures of spaces.
func knownNames(spaces ...bench301.Space) (names []string) {
	for _, s := range spaces {
		for _, k := range bench301.KnownNetworks(s) {
			names = append(names, k.Name)
		}
	}
	return names
}

// suggestion names the published architecture that was perhaps meant.
func suggestion(space bench301.Space, name string) string {
	names := knownNames(space)
	if len(names) == 0 || strings.ContainsAny(name, "./") {
		return ""
	}
	return suggest.Nearest(name, names)
}

// looksLikeArch tells an architecture, perhaps with a mistake in it, from the name of a file.
func looksLikeArch(space bench301.Space, arg string) bool {
	if _, err := os.Stat(arg); err == nil {
		return false
	}
	_, _, err := space.Parse(arg)
	return err == nil || strings.ContainsAny(arg, "[({|") || strings.Trim(arg, "0123456789, \t\r\n") == ""
}

// all reads the architectures into memory.
func (a *archInput) all(ctx context.Context, args []string) ([]bench301.Item, error) {
	var items []bench301.Item
	for item, err := range a.each(ctx, args) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// architectures are those of items.
func architectures(items []bench301.Item) []bench301.Architecture {
	archs := make([]bench301.Architecture, len(items))
	for i, item := range items {
		archs[i] = item.Architecture
	}
	return archs
}

// at says where an architecture stands that an error is about.
func at(item bench301.Item, err error) error {
	return fmt.Errorf("%s:%d: %w", item.File, item.Line, err)
}
