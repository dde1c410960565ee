// Wheels packs the program and the Python package in front of it into wheels, one for each platform:
//
//	go run ./tools/wheels -version "$(git describe --tags --always --dirty)" linux/amd64 darwin/arm64
//
// It is run at the root of the repository, after bin/GOOS/GOARCH/bench301 was built for each (make wheels does both).
// The wheel of this machine goes into dist, those of others into dist/other-platforms, so that pip install
// dist/bench301-*.whl names one wheel; wheels of earlier runs are removed. The same files give the same bytes, with the
// time of SOURCE_DATE_EPOCH, or else of the commit, on every file inside.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/tools/internal/packing"
)

func main() {
	version := flag.String("version", "", "what git describe calls the commit, the program's main.version")
	bin := flag.String("bin", "bin", "folder of the programs, GOOS/GOARCH/bench301")
	out := flag.String("out", "dist", "folder for the wheels")
	flag.Parse()
	if *version == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "wheels: give -version and at least one GOOS/GOARCH")
		os.Exit(2)
	}
	if err := run(".", *version, *bin, *out, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "wheels: %v\n", err)
		os.Exit(1)
	}
}

// run writes the wheels of a checkout for the platforms, GOOS/GOARCH each, and removes those that lay there.
func run(root, describe, bin, out string, platforms []string) error {
	slices.Sort(platforms)
	for _, platform := range platforms {
		if _, has := arches[platform]; !has {
			return fmt.Errorf("no wheels for %q: there are some for %s", platform,
				strings.Join(slices.Sorted(maps.Keys(arches)), ", "))
		}
	}
	p, err := readProject(filepath.Join(root, "python"), describe)
	if err != nil {
		return err
	}
	when, err := packing.CommitTime(root)
	if err != nil {
		return err
	}
	elsewhere := filepath.Join(out, "other-platforms")
	for _, folder := range []string{out, elsewhere} {
		if err := removeWheels(folder, p.Name); err != nil {
			return err
		}
	}
	for _, platform := range slices.Compact(platforms) {
		folder := elsewhere
		if platform == runtime.GOOS+"/"+runtime.GOARCH {
			folder = out
		}
		name, wheel, err := pack(root, p, filepath.Join(bin, filepath.FromSlash(platform)), platform, when)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		path := filepath.Join(folder, name)
		if err := atomicfile.WriteBytes(path, wheel); err != nil {
			return err
		}
		fmt.Printf("%s (%.1f MB)\n", path, float64(len(wheel))/1e6)
	}
	return nil
}

// removeWheels removes the wheels of a package from a folder.
func removeWheels(folder, name string) error {
	wheels, err := filepath.Glob(filepath.Join(folder, name+"-*.whl"))
	if err != nil {
		return err
	}
	for _, path := range wheels {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// pack makes the wheel of a platform from the program in a folder.
func pack(root string, p project, folder, platform string, when time.Time) (name string, wheel []byte, err error) {
	program := filepath.Join(folder, packing.ProgramName(platform))
	info, err := packing.Inspect(program, platform)
	if err != nil {
		return "", nil, err
	}
	tags, err := platformTags(program, platform)
	if err != nil {
		return "", nil, err
	}
	files, err := p.sources(root)
	if err != nil {
		return "", nil, err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return "", nil, err
	}
	licence, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return "", nil, err
	}
	others, err := packing.ThirdParty(root, info)
	if err != nil {
		return "", nil, err
	}
	files = append(files,
		packing.File{Name: p.stem() + ".data/scripts/" + packing.ProgramName(platform), Content: binary, Mode: 0o755},
		packing.File{Name: p.distInfo() + "/licenses/LICENSE", Content: licence, Mode: 0o644},
		packing.File{Name: p.distInfo() + "/licenses/" + packing.ThirdPartyName, Content: others, Mode: 0o644},
		packing.File{Name: p.distInfo() + "/METADATA", Content: []byte(p.metadata()), Mode: 0o644},
		packing.File{Name: p.distInfo() + "/WHEEL", Content: []byte(wheelFile(tags)), Mode: 0o644})
	wheel, err = archive(files, p.distInfo(), when)
	return fmt.Sprintf("%s-%s-%s.whl", p.stem(), python, strings.Join(tags, ".")), wheel, err
}
