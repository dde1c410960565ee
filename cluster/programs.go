package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rwe301/internal/atomicfile"
	"rwe301/internal/input"
	"rwe301/internal/printable"
	"rwe301/scoring"
)

// mostFile bounds a file that goes to workers with a program, in bytes.
const mostFile = 1 << 20

// filesOf reads the files that the command line of a program names. Those that do not lie below its folder have to be
// on every worker, as the program itself.
func filesOf(p *scoring.Program) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, arg := range p.Argv {
		path := filepath.Join(p.Dir, arg)
		info, err := os.Stat(path)
		if !filepath.IsLocal(arg) || err != nil || !info.Mode().IsRegular() {
			continue
		}
		data, err := input.Read(path, mostFile)
		if err != nil {
			return nil, fmt.Errorf("%s: to be sent to workers with the program %s: %w", path, p.Name, err)
		}
		files[filepath.ToSlash(arg)] = data
	}
	return files, nil
}

// unpack writes the files of a program into a folder of the cache that is named for their content, and returns it.
func (p *program) unpack(cache string) (string, error) {
	sum := sha256.Sum256(encode(p.Files))
	dir := filepath.Join(cache, "programs", hex.EncodeToString(sum[:]))
	for name, data := range p.Files {
		local := filepath.FromSlash(name)
		if !filepath.IsLocal(local) {
			return "", fmt.Errorf("%s: a file of a program must lie below its folder", printable.Cut(name, 200))
		}
		path := filepath.Join(dir, local)
		if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
			continue
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return "", err
		}
		if err := atomicfile.WriteBytes(path, data); err != nil {
			return "", err
		}
		if err := os.Chmod(path, 0o755); err != nil {
			return "", err
		}
	}
	return dir, os.MkdirAll(dir, 0o777)
}
