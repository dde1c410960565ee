package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"rwe301/tools/internal/packing"
)

// project is the table [project] of a pyproject.toml (PEP 621), as far as ours goes, and what stands in its readme.
type project struct {
	Name           string
	Description    string
	Readme         string
	RequiresPython string `toml:"requires-python"`
	License        struct{ Text string }
	Authors        []struct{ Name string }
	Keywords       []string
	Classifiers    []string
	Dynamic        []string // version, which is that of the commit

	version string // PEP 440
	readme  string // text
}

// readProject reads what the package in a folder says of itself.
func readProject(folder, describe string) (project, error) {
	path := filepath.Join(folder, "pyproject.toml")
	var all struct{ Project project }
	meta, err := toml.DecodeFile(path, &all)
	if err != nil {
		return project{}, fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range meta.Undecoded() {
		if key[0] == "project" {
			return project{}, fmt.Errorf("%s: %s would not get into the wheels: teach tools/wheels about it", path, key)
		}
	}
	p := all.Project
	for key, value := range map[string]string{
		"name": p.Name, "description": p.Description, "readme": p.Readme, "requires-python": p.RequiresPython,
		"license.text": p.License.Text,
	} {
		if value == "" || strings.Contains(value, "\n") {
			return project{}, fmt.Errorf("%s: project.%s: must be a line of text", path, key)
		}
	}
	readme, err := os.ReadFile(filepath.Join(folder, p.Readme))
	if err != nil {
		return project{}, err
	}
	p.readme = string(readme)
	source := filepath.Join(folder, p.Name, versionFile)
	text, err := os.ReadFile(source)
	if err != nil {
		return project{}, err
	}
	base := assignment.FindSubmatch(text)
	if base == nil {
		return project{}, fmt.Errorf("%s: no line of the form %s", source, `__version__ = "0.1.0.dev0"`)
	}
	p.version = pep440(describe, string(base[1]))
	return p, nil
}

// versionFile is the module of the package that holds its version.
const versionFile = "_version.py"

var (
	assignment = regexp.MustCompile(`(?m)^__version__ = "([^"\n]+)"$`)
	release    = regexp.MustCompile(`^v?(\d+(?:\.\d+)+)(?:[-.]?(a|b|rc)\.?(\d+))?(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)
	commit     = regexp.MustCompile(`(?:^|-g)([0-9a-f]{7,40})(-dirty)?$`)
)

// pep440 is what git describe --tags --always --dirty calls a commit as a version of PEP 440: v0.2.0 is 0.2.0, five
// commits later are 0.2.0+5.gHASH; without such a tag it is that of the sources with +gHASH.
func pep440(describe, sources string) string {
	var local []string
	version := sources
	if m := release.FindStringSubmatch(describe); m != nil {
		version = m[1] + m[2] + m[3]
		if m[4] != "" {
			local = append(local, m[4], "g"+m[5])
		}
	} else if m := commit.FindStringSubmatch(describe); m != nil {
		local = append(local, "g"+m[1])
	} else {
		local = append(local, "unknown")
	}
	if strings.HasSuffix(describe, "-dirty") {
		local = append(local, "dirty")
	}
	if len(local) > 0 {
		version += "+" + strings.Join(local, ".")
	}
	return version
}

// stem is what the wheel's name and its folders of metadata begin with.
func (p project) stem() string { return p.Name + "-" + p.version }

// distInfo is the folder of metadata in the wheel.
func (p project) distInfo() string { return p.stem() + ".dist-info" }

// metadata is the file METADATA, by the Core metadata specification 2.4.
func (p project) metadata() string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	line("Metadata-Version", "2.4")
	line("Name", p.Name)
	line("Version", p.version)
	line("Summary", p.Description)
	for _, author := range p.Authors {
		line("Author", author.Name)
	}
	if len(p.Keywords) > 0 {
		line("Keywords", strings.Join(p.Keywords, ","))
	}
	line("License-Expression", p.License.Text)
	line("License-File", "LICENSE")
	line("License-File", packing.ThirdPartyName)
	for _, classifier := range p.Classifiers {
		line("Classifier", classifier)
	}
	line("Requires-Python", p.RequiresPython)
	line("Description-Content-Type", "text/markdown")
	return b.String() + "\n" + p.readme
}

// sources are the modules of the package in a checkout, with the wheel's version for that of the sources.
func (p project) sources(root string) (files []packing.File, err error) {
	python := filepath.Join(root, "python")
	err = filepath.WalkDir(filepath.Join(python, p.Name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".py" && d.Name() != "py.typed" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(python, path)
		if err != nil {
			return err
		}
		if d.Name() == versionFile {
			content = fmt.Appendf(nil, "\"\"\"The version of the commit.\"\"\"\n\n__version__ = %q\n", p.version)
		}
		files = append(files, packing.File{Name: filepath.ToSlash(name), Content: content, Mode: 0o644})
		return nil
	})
	return files, err
}
