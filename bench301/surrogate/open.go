package surrogate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The names of the surrogates inside the binary: NewMini, NewMini2 and NewMiniRuntime.
const (
	MiniKey        = "mini"
	Mini2Key       = "mini2"
	MiniRuntimeKey = "mini-runtime"
)

// BuiltIn lists the names of the surrogates inside the binary.
func BuiltIn() []string { return []string{MiniKey, Mini2Key, MiniRuntimeKey} }

// OpenBuiltIn is the surrogate inside the binary of a name, nil if there is none.
func OpenBuiltIn(name string) Surrogate {
	switch name {
	case MiniKey:
		return NewMini()
	case Mini2Key:
		return NewMini2()
	case MiniRuntimeKey:
		return NewMiniRuntime()
	}
	return nil
}

// Validation says how well a surrogate inside the binary predicts; it is zero of others.
func Validation(s Surrogate) MiniValidation {
	switch m := s.(type) {
	case *Mini:
		return m.Validation
	case *MiniRuntime:
		return m.Validation
	}
	return MiniValidation{}
}

// ErrUnknown says that a surrogate's name is neither a path nor known.
var ErrUnknown = errors.New("neither a file nor one of")

// FileExt ends the names of files that Save writes.
const FileExt = ".surrogate"

// Find is the file of a surrogate: path if there is something, or else name.surrogate in the folder. The error is
// ErrUnknown where there is nothing.
func Find(path, name, folder string) (string, error) {
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if path := filepath.Join(folder, name+FileExt); folder != "" && filepath.Base(name) == name {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	known, err := Installed(folder)
	if err != nil {
		return "", err
	}
	return "", fmt.Errorf("surrogate %q: %w %s; `bench301 surrogate import` and `fetch` bring others",
		name, ErrUnknown, strings.Join(append(BuiltIn(), known...), ", "))
}

// Installed lists the surrogates that lie in the folder, which may be absent, by name.
func Installed(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), FileExt); ok && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
