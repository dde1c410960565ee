package packing

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ThirdPartyName is the file of the licences of what is linked into the program.
const ThirdPartyName = "THIRD_PARTY"

// licenceFile matches the files of a module that its licence asks to pass on.
var licenceFile = regexp.MustCompile(`(?i)^(li[cs]en[cs]e|copying|notice|patents|authors)\b`)

// ThirdParty are the licences of Go and of the modules inside a program, from Go's folder and the cache of modules. A
// project without one is an error.
func ThirdParty(root string, info *buildinfo.BuildInfo) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "The program bench301 holds code of these projects, each under the licence that follows its name.")
	goRoot, err := goOutput(root, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	if err := licences(&out, "Go "+info.GoVersion, strings.TrimSpace(string(goRoot))); err != nil {
		return nil, err
	}
	var paths []string
	for _, m := range info.Deps {
		paths = append(paths, m.Path)
	}
	slices.Sort(paths)
	if len(paths) == 0 {
		return out.Bytes(), nil
	}
	listed, err := goOutput(root, append([]string{"list", "-m", "-json=Path,Version,Dir"}, paths...)...)
	if err != nil {
		return nil, err
	}
	for decoder := json.NewDecoder(bytes.NewReader(listed)); decoder.More(); {
		var m struct{ Path, Version, Dir string }
		if err := decoder.Decode(&m); err != nil {
			return nil, err
		}
		if err := licences(&out, m.Path+" "+m.Version, m.Dir); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// licences appends the licences that lie in the folder of a project, of which there must be one.
func licences(out *bytes.Buffer, name, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("licence of %s: %w", name, err)
	}
	found := false
	for _, e := range entries { // sorted
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		text = bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
		fmt.Fprintf(out, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), name, e.Name(), text)
		found = true
	}
	if !found {
		return fmt.Errorf("%s has no file with its licence in %s", name, folder)
	}
	return nil
}

// goOutput is what a go command prints.
func goOutput(root string, args ...string) ([]byte, error) {
	command := exec.Command("go", args...)
	command.Dir = root
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}
