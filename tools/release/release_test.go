package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
	"rwe301/tools/internal/packing"
)

const version = "v0.3.0-2-gabcdef012345"

// checkout lays out in a folder what a release is made of, with a small program for this machine and for Windows.
func checkout(t *testing.T) (root string) {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1700000001")
	root = t.TempDir()
	for name, text := range map[string]string{
		"LICENSE": "the licence\n", "README.md": "# bench301\n", "go.mod": "module bench301\n",
		"main.go":                "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(os.Args[2] + \"\\n\") }\n",
		"bin/man/bench301.1":     ".TH\n",
		"bin/man/bench301-foo.1": ".TH foo\n",
	} {
		write(t, filepath.Join(root, name), text)
	}
	build(t, root, "bin/"+host+"/")
	if err := os.Link(filepath.Join(root, "bin", host, packing.ProgramName(host)),
		filepath.Join(root, "bin", packing.ProgramName(host))); err != nil {
		t.Fatal(err)
	}
	build(t, root, "bin/windows/amd64/", "GOOS=windows", "GOARCH=amd64")
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

// build compiles the program of a checkout.
func build(t *testing.T, root, out string, env ...string) {
	t.Helper()
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, ".")
	command.Dir = root
	command.Env = append(os.Environ(), append([]string{"CGO_ENABLED=0", "GOAMD64=v1", "GOFLAGS=", "GOWORK=off"}, env...)...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// release makes the release of a checkout, and returns its files by name.
func release(t *testing.T, root string) map[string][]byte {
	t.Helper()
	out := filepath.Join(root, "dist")
	if err := run(root, version, filepath.Join(root, "bin"), out, []string{host, "windows/amd64"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = content
	}
	return files
}

// TestRelease reads a release back.
func TestRelease(t *testing.T) {
	if strings.HasPrefix(host, "windows/") {
		t.Skip("the release of this machine is a zip, which the other half of the test reads")
	}
	root := checkout(t)
	write(t, filepath.Join(root, "dist/bench301-v0.2.0-linux-amd64.tar.gz"), "an earlier release")
	write(t, filepath.Join(root, "dist/bench301-0.2.0-py3-none-any.whl"), "a wheel")
	files := release(t, root)
	here, there := "bench301-"+version+"-"+strings.ReplaceAll(host, "/", "-"), "bench301-"+version+"-windows-amd64"
	want := []string{"SHA256SUMS", "bench301-0.2.0-py3-none-any.whl", here + ".cdx.json", here + ".tar.gz",
		there + ".cdx.json", there + ".zip"}
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, want) {
		t.Fatalf("files %q, want %q", names, want)
	}
	sums := ""
	for _, name := range []string{here + ".tar.gz", here + ".cdx.json", there + ".zip", there + ".cdx.json"} {
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(files[name]), name)
	}
	if string(files["SHA256SUMS"]) != sums {
		t.Errorf("sums\n%s, want\n%s", files["SHA256SUMS"], sums)
	}

	contents := untar(t, files[here+".tar.gz"])
	checkContents(t, here, "bench301", contents)
	checkContents(t, there, "bench301.exe", unzip(t, files[there+".zip"]))
	for name, text := range map[string]string{
		"completions/_bench301": "zsh\n", "completions/bench301.ps1": "powershell\n", "LICENSE": "the licence\n",
		"man/bench301-foo.1": ".TH foo\n",
	} {
		if got := contents[here+"/"+name]; got != text {
			t.Errorf("%s: %q, want %q", name, got, text)
		}
	}
	if !strings.Contains(contents[here+"/THIRD_PARTY"], "LICENSE\n\nCopyright 2009 The Go Authors.") {
		t.Error("THIRD_PARTY has no licence of Go")
	}
}

// checkContents compares the names of an archive's files with what a release has.
func checkContents(t *testing.T, stem, program string, contents map[string]string) {
	t.Helper()
	want := []string{"LICENSE", "README.md", "THIRD_PARTY", program, "completions/_bench301", "completions/bench301.bash",
		"completions/bench301.fish", "completions/bench301.ps1", "man/bench301-foo.1", "man/bench301.1"}
	for i := range want {
		want[i] = stem + "/" + want[i]
	}
	if names := slices.Sorted(maps.Keys(contents)); !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
}

// modeOf is the mode that a file of an archive must have.
func modeOf(name string) os.FileMode {
	if base := filepath.Base(name); base == "bench301.exe" || base == "bench301" {
		return 0o755
	}
	return 0o644
}

// untar reads an archive whose files must be of the time of the release, of nobody, and sorted.
func untar(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	contents, last := map[string]string{}, ""
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return contents
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.Unix() != 1700000001 || h.Uid != 0 || h.Gid != 0 || h.Uname+h.Gname != "" ||
			h.FileInfo().Mode() != modeOf(h.Name) || h.Name <= last {
			t.Errorf("%+v: not the time, owner, mode or place of a release", h)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		contents[h.Name], last = string(content), h.Name
	}
}

func unzip(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
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
		if f.Modified.Unix() != 1700000001 || f.Mode() != modeOf(f.Name) {
			t.Errorf("%s: %v, %v", f.Name, f.Modified, f.Mode())
		}
		contents[f.Name] = string(content)
	}
	return contents
}

// TestReproducible makes a release twice, from two folders.
func TestReproducible(t *testing.T) {
	a, b := release(t, checkout(t)), release(t, checkout(t))
	if !maps.EqualFunc(a, b, bytes.Equal) {
		t.Errorf("%q and %q differ", slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
	}
}

// TestProgramReproducible compiles the whole program twice for this machine, from two folders and with two caches: the
// second time everything anew.
func TestProgramReproducible(t *testing.T) {
	if os.Getenv("BENCH301_RELEASE") == "" {
		t.Skip("compiles everything twice, for minutes: set BENCH301_RELEASE=1")
	}
	var sums [2][sha256.Size]byte
	for i := range sums {
		root := t.TempDir()
		tree := exec.Command("git", "worktree", "add", "--detach", root, "HEAD")
		tree.Dir = oracle.Root()
		if out, err := tree.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Cleanup(func() {
			remove := exec.Command("git", "worktree", "remove", "--force", root)
			remove.Dir = oracle.Root()
			if out, err := remove.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		command := exec.Command("make", "programs", "PLATFORMS="+host, "VERSION=v0")
		command.Dir = root
		command.Env = append(os.Environ(), "GOCACHE="+t.TempDir(), "GOFLAGS=", "GOWORK=off")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		program, err := os.ReadFile(filepath.Join(root, "bin", host, packing.ProgramName(host)))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(program)
	}
	if sums[0] != sums[1] {
		t.Errorf("%x and %x differ", sums[0], sums[1])
	}
}

// TestBOM has a module that was replaced, and versions with a plus.
func TestBOM(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000001")
	when, err := packing.CommitTime(".")
	if err != nil {
		t.Fatal(err)
	}
	const sum = "h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	info := &buildinfo.BuildInfo{GoVersion: "go1.26.8"}
	info.Deps = append(info.Deps, dep("example.org/b", "v2.0.3+incompatible", sum), dep("example.org/old", "v1.0.0", ""))
	info.Deps[1].Replace = dep("example.org/a", "v1.1.0", "")
	text, err := bom(info, "v1", when)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	err = json.Unmarshal([]byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": {"timestamp": "2023-11-14T22:13:21Z", "component":
			{"type": "application", "bom-ref": "bench301@v1", "name": "bench301", "version": "v1"}},
		"components": [
			{"type": "library", "bom-ref": "pkg:golang/example.org/a@v1.1.0", "name": "example.org/a", "version": "v1.1.0",
				"purl": "pkg:golang/example.org/a@v1.1.0"},
			{"type": "library", "bom-ref": "pkg:golang/example.org/b@v2.0.3%2Bincompatible", "name": "example.org/b",
				"version": "v2.0.3+incompatible", "purl": "pkg:golang/example.org/b@v2.0.3%2Bincompatible", "hashes":
				[{"alg": "SHA-256", "content": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}]},
			{"type": "library", "bom-ref": "pkg:golang/std@1.26.8", "name": "std", "version": "1.26.8",
				"purl": "pkg:golang/std@1.26.8"}]}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s", text)
	}
	for _, bad := range []*debug.Module{dep("example.org/c", "(devel)", ""), dep("example.org/c", "v1.0.0", "h1:short")} {
		info.Deps = []*debug.Module{bad}
		if _, err := bom(info, "v1", when); err == nil || !strings.Contains(err.Error(), "example.org/c") {
			t.Errorf("%+v: error %v", bad, err)
		}
	}
}

func dep(path, version, sum string) *debug.Module {
	return &debug.Module{Path: path, Version: version, Sum: sum}
}

func TestMistakes(t *testing.T) {
	root := checkout(t)
	for _, c := range []struct {
		name, version, platform string
		change                  func()
		want                    string
	}{
		{"a version that is a path", "../v1", host, func() {}, `version "../v1": must be letters`},
		{"not built", version, "plan9/amd64", func() {}, "no such file"},
		{"no time", version, host, func() { t.Setenv("SOURCE_DATE_EPOCH", "0") }, `SOURCE_DATE_EPOCH: "0": must be`},
		{"no pages", version, host, func() {
			t.Setenv("SOURCE_DATE_EPOCH", "1700000001")
			os.RemoveAll(filepath.Join(root, "bin", "man"))
		}, "has no manual pages: make release writes them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			err := run(root, c.version, filepath.Join(root, "bin"), filepath.Join(root, "dist"), []string{c.platform})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
