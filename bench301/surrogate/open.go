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

// MiniKey names the surrogate inside the binary, NewMini.
const MiniKey = "mini"

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
		name, ErrUnknown, strings.Join(append([]string{MiniKey}, known...), ", "))
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
