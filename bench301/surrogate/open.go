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

// MiniKey is the name under which Open finds the surrogate inside the binary.
const MiniKey = "mini"

// FileExt ends the names of files that Save writes.
const FileExt = ".surrogate"

// Open finds a surrogate: mini, whatever lies at the path name, or name.surrogate in the folder.
func Open(name, folder string) (Surrogate, error) {
	if name == MiniKey {
		return NewMini(), nil
	}
	if _, err := os.Stat(name); err == nil {
		return Load(name)
	}
	if path := filepath.Join(folder, name+FileExt); folder != "" && filepath.Base(name) == name {
		if _, err := os.Stat(path); err == nil {
			return Load(path)
		}
	}
	known, err := Installed(folder)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("surrogate %q: neither a file nor one of %s; `bench301 surrogate import` and `fetch` bring others", name, strings.Join(append([]string{MiniKey}, known...), ", "))
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
