// Release packs the program into archives, one for each platform:
//
//	go run ./tools/release -version "$(git describe --tags --always --dirty)" linux/amd64 windows/arm64
//
// It is run at the root of the repository by make release, after bin/GOOS/GOARCH/bench301 was built for each,
// bin/bench301 for this machine, and bin/man written. Into dist go an archive (a zip for Windows, else a tar.gz) and a
// bill of materials of each, and SHA256SUMS of all; those of earlier runs are removed. The same files give the same
// bytes, with the time of SOURCE_DATE_EPOCH, or else of the commit, on every file inside.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/tools/internal/packing"
)

// sumsName is the file of the hashes, as sha256sum -c reads it.
const sumsName = "SHA256SUMS"

// shells are those that have completions, with what their files are called.
var shells = []struct{ name, file string }{
	{"bash", "bench301.bash"}, {"fish", "bench301.fish"}, {"powershell", "bench301.ps1"}, {"zsh", "_bench301"},
}

// versionName matches versions that can stand in the name of a file.
var versionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

func main() {
	version := flag.String("version", "", "what git describe calls the commit, the program's main.version")
	bin := flag.String("bin", "bin", "folder of the programs (GOOS/GOARCH/bench301, and bench301), and of man")
	out := flag.String("out", "dist", "folder for the archives")
	flag.Parse()
	if *version == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "release: give -version and at least one GOOS/GOARCH")
		os.Exit(2)
	}
	if err := run(".", *version, *bin, *out, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

// run writes the release of a checkout for the platforms, GOOS/GOARCH each, and removes the one that lay there.
func run(root, version, bin, out string, platforms []string) error {
	if !versionName.MatchString(version) {
		return fmt.Errorf("version %q: must be letters, digits and . _ + -, to stand in the names of files", version)
	}
	when, err := packing.CommitTime(root)
	if err != nil {
		return err
	}
	shared, err := sharedFiles(root, bin)
	if err != nil {
		return err
	}
	if err := removeOld(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	var sums strings.Builder
	slices.Sort(platforms)
	for _, platform := range slices.Compact(platforms) {
		name := "bench301-" + version + "-" + strings.ReplaceAll(platform, "/", "-")
		made, err := pack(root, bin, name, version, platform, shared, when)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		for _, f := range made {
			path := filepath.Join(out, f.Name)
			if err := atomicfile.WriteBytes(path, f.Content); err != nil {
				return err
			}
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.Content), f.Name)
			fmt.Printf("%s (%.1f MB)\n", path, float64(len(f.Content))/1e6)
		}
	}
	return atomicfile.WriteBytes(filepath.Join(out, sumsName), []byte(sums.String()))
}

// removeOld removes an earlier release from a folder.
func removeOld(folder string) error {
	for _, pattern := range []string{"bench301-*.tar.gz", "bench301-*.zip", "bench301-*.cdx.json", sumsName} {
		old, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return err
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// sharedFiles are those that every archive has: licence, README, completions, manual pages.
func sharedFiles(root, bin string) (files []packing.File, err error) {
	for _, name := range []string{"LICENSE", "README.md"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		files = append(files, packing.File{Name: name, Content: content, Mode: 0o644})
	}
	pages, err := filepath.Glob(filepath.Join(bin, "man", "*.1"))
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%s has no manual pages: make release writes them", filepath.Join(bin, "man"))
	}
	for _, path := range pages {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, packing.File{Name: "man/" + filepath.Base(path), Content: content, Mode: 0o644})
	}
	program, err := filepath.Abs(filepath.Join(bin, packing.ProgramName(host)))
	if err != nil {
		return nil, err
	}
	for _, shell := range shells {
		content, err := exec.Command(program, "completion", shell.name).Output()
		if err != nil {
			return nil, fmt.Errorf("%s completion %s: %w", program, shell.name, err)
		}
		files = append(files, packing.File{Name: "completions/" + shell.file, Content: content, Mode: 0o644})
	}
	return files, nil
}

// pack makes the archive of a platform and its bill of materials.
func pack(root, bin, name, version, platform string, shared []packing.File, when time.Time) ([]packing.File, error) {
	program := filepath.Join(bin, filepath.FromSlash(platform), packing.ProgramName(platform))
	info, err := packing.Inspect(program, platform)
	if err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	others, err := packing.ThirdParty(root, info)
	if err != nil {
		return nil, err
	}
	files := append(slices.Clone(shared),
		packing.File{Name: packing.ProgramName(platform), Content: binary, Mode: 0o755},
		packing.File{Name: packing.ThirdPartyName, Content: others, Mode: 0o644})
	for i := range files {
		files[i].Name = name + "/" + files[i].Name
	}
	slices.SortFunc(files, func(a, b packing.File) int { return strings.Compare(a.Name, b.Name) })
	made := packing.File{Name: name + ".tar.gz"}
	if strings.HasPrefix(platform, "windows/") {
		made.Name = name + ".zip"
		made.Content, err = packing.Zip(files, when)
	} else {
		made.Content, err = tarball(files, when)
	}
	if err != nil {
		return nil, err
	}
	bill, err := bom(info, version, when)
	return []packing.File{made, {Name: name + ".cdx.json", Content: bill}}, err
}
