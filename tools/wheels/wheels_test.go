package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rwe301/internal/oracle"
	"rwe301/tools/internal/packing"
)

func TestPEP440(t *testing.T) {
	for describe, want := range map[string]string{
		"v0.2.0":                      "0.2.0",
		"0.2.0":                       "0.2.0",
		"v1.0":                        "1.0",
		"v1.0.0-rc1":                  "1.0.0rc1",
		"v1.0.0rc.2":                  "1.0.0rc2",
		"v0.2.0-dirty":                "0.2.0+dirty",
		"v0.2.0-5-ga38271b4c5d6":      "0.2.0+5.ga38271b4c5d6",
		"v1.0.0-rc1-5-ga38271b-dirty": "1.0.0rc1+5.ga38271b.dirty",
		"a38271b4c5d6":                "0.1.0.dev0+ga38271b4c5d6",
		"123456789012":                "0.1.0.dev0+g123456789012", // a commit whose hash has digits alone
		"a38271b4c5d6-dirty":          "0.1.0.dev0+ga38271b4c5d6.dirty",
		"paper-2-ga38271b4c5d6":       "0.1.0.dev0+ga38271b4c5d6", // a tag that is no version
		"unknown":                     "0.1.0.dev0+unknown",
	} {
		got := pep440(describe, "0.1.0.dev0")
		if got != want {
			t.Errorf("%s: %s, want %s", describe, got, want)
		}
		if !canonical.MatchString(got) {
			t.Errorf("%s: %s is no version of PEP 440", describe, got)
		}
	}
}

// canonical is the expression of PEP 440, appendix B, with the local part.
var canonical = regexp.MustCompile(`^([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*((a|b|rc)(0|[1-9][0-9]*))?` +
	`(\.post(0|[1-9][0-9]*))?(\.dev(0|[1-9][0-9]*))?(\+[a-z0-9]+(\.[a-z0-9]+)*)?$`)

func TestOldestMacOS(t *testing.T) {
	load := func(words ...uint32) []byte {
		var out []byte
		for _, w := range words {
			out = binary.LittleEndian.AppendUint32(out, w)
		}
		return out
	}
	if major, minor, ok := oldestMacOS(load(0x32, 24, 1, 12<<16|3<<8, 12<<16, 0), binary.LittleEndian); !ok ||
		major != 12 || minor != 3 {
		t.Errorf("macOS %d.%d, %v, want 12.3", major, minor, ok)
	}
	for name, other := range map[string][]byte{
		"iOS": load(0x32, 24, 2, 12<<16, 12<<16, 0), "another command": load(0x19, 24, 1, 12<<16, 0, 0), "short": load(0x32),
	} {
		if _, _, ok := oldestMacOS(other, binary.LittleEndian); ok {
			t.Errorf("%s: is taken for the version of macOS", name)
		}
	}
}

// host is the platform of this machine.
const host = runtime.GOOS + "/" + runtime.GOARCH

// describe is the commit of the wheels below, version what it is called in Python.
const describe, version = "v0.3.0-2-gabcdef012345", "0.3.0+2.gabcdef012345"

// checkout lays out in a folder what a wheel is made of, with a small program.
func checkout(t *testing.T) (root string) {
	t.Helper()
	if _, has := arches[host]; !has {
		t.Skipf("there are no wheels for %s", host)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000001")
	root = t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "python"), os.DirFS(filepath.Join(oracle.Root(), "python"))); err != nil {
		t.Fatal(err)
	}
	licence, err := os.ReadFile(filepath.Join(oracle.Root(), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"LICENSE":                           string(licence),
		"go.mod":                            "module bench301\n",
		"main.go":                           "package main\n\nfunc main() { println(\"the program\") }\n",
		"python/bench301/__pycache__/a.pyc": "no source",
		"python/bench301/notes.txt":         "no source either",
	} {
		write(t, filepath.Join(root, name), text)
	}
	build(t, root, "CGO_ENABLED=0")
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// build makes bin/GOOS/GOARCH/bench301 of a checkout for this machine.
func build(t *testing.T, root string, env ...string) {
	t.Helper()
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", "bin/"+host+"/", ".")
	command.Dir = root
	command.Env = append(os.Environ(), append([]string{"GOAMD64=v1", "GOFLAGS=", "GOWORK=off"}, env...)...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// wheel packs the wheel of a checkout for this machine, and returns its path.
func wheel(t *testing.T, root string) string {
	t.Helper()
	if err := run(root, describe, filepath.Join(root, "bin"), filepath.Join(root, "dist"), []string{host}); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(root, "dist", "*.whl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("wheels %q, %v: want one", found, err)
	}
	return found[0]
}

// TestWheel reads a wheel back.
func TestWheel(t *testing.T) {
	path := wheel(t, checkout(t))
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	contents := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
		contents[f.Name] = string(content)
		if f.Modified.Unix() != 1700000001 {
			t.Errorf("%s: of %v, not the time of the commit", f.Name, f.Modified)
		}
		want := os.FileMode(0o644)
		if strings.Contains(f.Name, ".data/scripts/") {
			want = 0o755
		}
		if f.Mode() != want {
			t.Errorf("%s: %v, want %v", f.Name, f.Mode(), want)
		}
	}
	info := "bench301-" + version + ".dist-info/"
	want := []string{"bench301-" + version + ".data/scripts/" + packing.ProgramName(host)}
	modules := os.DirFS(filepath.Join(oracle.Root(), "python"))
	err = fs.WalkDir(modules, "bench301", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".py") {
			want = append(want, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, "bench301/py.typed")
	slices.Sort(want[1:])
	want = append(want, info+"METADATA", info+"WHEEL", info+"licenses/LICENSE",
		info+"licenses/THIRD_PARTY", info+"RECORD")
	if !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}

	rows, err := csv.NewReader(strings.NewReader(contents[info+"RECORD"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	for _, row := range rows {
		name := row[0]
		recorded = append(recorded, name)
		hashed := []string{name, hash([]byte(contents[name])), strconv.Itoa(len(contents[name]))}
		if name == info+"RECORD" {
			hashed = []string{name, "", ""}
		}
		if !slices.Equal(row, hashed) {
			t.Errorf("RECORD: %q, want %q", row, hashed)
		}
	}
	if !slices.Equal(recorded, names) {
		t.Errorf("RECORD: files %q, want %q", recorded, names)
	}

	tags, _ := strings.CutPrefix(strings.TrimSuffix(filepath.Base(path), ".whl"), "bench301-"+version+"-py3-none-")
	says := "Wheel-Version: 1.0\nGenerator: bench301 tools/wheels\nRoot-Is-Purelib: false\n"
	for tag := range strings.SplitSeq(tags, ".") {
		says += "Tag: py3-none-" + tag + "\n"
	}
	if contents[info+"WHEEL"] != says {
		t.Errorf("WHEEL: %q, want %q", contents[info+"WHEEL"], says)
	}
	if host == "linux/amd64" && tags != "manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_1_x86_64" {
		t.Errorf("tags %s", tags)
	}

	metadata := contents[info+"METADATA"]
	for _, line := range []string{
		"Metadata-Version: 2.4", "Name: bench301", "Version: " + version, "Requires-Python: >=3.8",
		"License-Expression: Apache-2.0", "License-File: LICENSE", "License-File: THIRD_PARTY",
		"Description-Content-Type: text/markdown", "", "# bench301",
	} {
		if !slices.Contains(strings.Split(metadata, "\n"), line) {
			t.Errorf("METADATA has no line %q:\n%s", line, metadata)
		}
	}
	if text := contents["bench301/_version.py"]; !strings.Contains(text, `__version__ = "`+version+`"`) {
		t.Errorf("_version.py: %s", text)
	}
	if text := contents[info+"licenses/THIRD_PARTY"]; !strings.Contains(text, "Go "+runtime.Version()+": LICENSE\n") {
		t.Errorf("THIRD_PARTY has no licence of Go: %.300s", text)
	}
}

// TestReproducible packs a wheel twice, from two folders.
func TestReproducible(t *testing.T) {
	a, b := wheel(t, checkout(t)), wheel(t, checkout(t))
	first, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(a) != filepath.Base(b) || !bytes.Equal(first, second) {
		t.Errorf("%s and %s differ", a, b)
	}
}

// TestDist has wheels of an earlier commit in the way.
func TestDist(t *testing.T) {
	root := checkout(t)
	dist := filepath.Join(root, "dist")
	for _, name := range []string{"bench301-0.1.0-py3-none-any.whl", "other-platforms/bench301-0.1.0-py3-none-any.whl"} {
		write(t, filepath.Join(dist, name), "")
	}
	write(t, filepath.Join(dist, "mine.whl"), "")
	if err := run(root, describe, filepath.Join(root, "bin"), dist, []string{host, host}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, pattern := range []string{"*.whl", "other-platforms/*.whl"} {
		found, err := filepath.Glob(filepath.Join(dist, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) != 2 || !strings.Contains(names[0], version) || filepath.Base(names[1]) != "mine.whl" {
		t.Errorf("%q: want the new wheel and mine.whl", names)
	}
}

func TestMistakes(t *testing.T) {
	root := checkout(t)
	pyproject := filepath.Join(root, "python", "pyproject.toml")
	good, err := os.ReadFile(pyproject)
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(root, "python", "bench301", versionFile)
	goodSource, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	other := "windows/amd64"
	if host == other {
		other = "linux/amd64"
	}
	for _, c := range []struct {
		name     string
		platform string
		change   func()
		want     string
	}{
		{"not built", "linux/arm64", func() {}, "no such file"},
		{"for another platform", other, func() {
			binary, err := os.ReadFile(filepath.Join(root, "bin", host, packing.ProgramName(host)))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(root, "bin", other, packing.ProgramName(other)), string(binary))
		}, "is a program for " + host},
		{"a platform without wheels", "plan9/amd64", func() {},
			`no wheels for "plan9/amd64": there are some for darwin/amd64, darwin/arm64, linux/amd64, linux/arm64`},
		{"a fact that would be lost", host, func() {
			write(t, pyproject, string(good)+"[project.urls]\nHomepage = \"https://example.org\"\n")
		}, "project.urls would not get into the wheels: teach tools/wheels about it"},
		{"no name", host, func() {
			write(t, pyproject, strings.Replace(string(good), "name =", "#", 1))
		}, "project.name: must be a line of text"},
		{"no TOML", host, func() { write(t, pyproject, "[project\n") }, "pyproject.toml: toml: line 2"},
		{"no version", host, func() { write(t, source, "") }, "_version.py: no line of the form"},
		{"no time", host, func() { t.Setenv("SOURCE_DATE_EPOCH", "yesterday") }, `SOURCE_DATE_EPOCH: "yesterday": must be`},
		{"a time before zip files", host, func() { t.Setenv("SOURCE_DATE_EPOCH", "0") }, `"0": must be`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			err := run(root, describe, filepath.Join(root, "bin"), filepath.Join(root, "dist"), []string{c.platform})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			write(t, pyproject, string(good))
			write(t, source, string(goodSource))
		})
	}
}

// TestInstall installs a wheel without a network into an environment of its own, imports the package and runs the
// program.
func TestInstall(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to install a wheel with")
	}
	if out, err := exec.Command(python, "-m", "pip", "--python", python, "--version").CombinedOutput(); err != nil {
		t.Skipf("python3 has no pip 22.3 or newer: %.200s", out)
	}
	path, env := wheel(t, checkout(t)), filepath.Join(t.TempDir(), "env")
	if out, err := exec.Command(python, "-m", "venv", "--without-pip", env).CombinedOutput(); err != nil {
		t.Skipf("python3 makes no environments: %.200s", out)
	}
	scripts := filepath.Join(env, "bin")
	if runtime.GOOS == "windows" {
		scripts = filepath.Join(env, "Scripts")
	}
	t.Setenv("BENCH301_BIN", "")
	t.Setenv("PYTHONPATH", "")
	does := func(want string, name string, args ...string) {
		t.Helper()
		command := exec.Command(name, args...)
		command.Dir = t.TempDir()
		out, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s %q: %v, %s; want %q", name, args, err, out, want)
		}
	}
	own := filepath.Join(scripts, "python")
	does("Successfully installed", python, "-m", "pip", "--python", own, "install", "--no-index", path)
	does("the program", filepath.Join(scripts, "bench301"))
	does("the program", own, "-m", "bench301")
	does(version, own, "-c", "import bench301; print(bench301.__version__)")
	does(scripts, own, "-c", "import bench301; print(bench301.find_binary())")
}
