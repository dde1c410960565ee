// Package packing has what wheels and releases share: it inspects a compiled program, and finds its licences and the
// time of its files.
package packing

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ProgramName is what the program is called on a platform, GOOS/GOARCH.
func ProgramName(platform string) string {
	if strings.HasPrefix(platform, "windows/") {
		return "bench301.exe"
	}
	return "bench301"
}

// Inspect reads what the go command wrote into a program, which must be a static one for the platform.
func Inspect(program, platform string) (*buildinfo.BuildInfo, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if is := settings["GOOS"] + "/" + settings["GOARCH"]; is != platform {
		return nil, fmt.Errorf("%s is a program for %s", program, is)
	}
	if settings["CGO_ENABLED"] != "0" {
		return nil, fmt.Errorf("%s needs the C library of its machine: build it with CGO_ENABLED=0", program)
	}
	if level := settings["GOAMD64"]; level != "" && level != "v1" {
		return nil, fmt.Errorf("%s needs a newer processor: build it with GOAMD64=v1", program)
	}
	return info, nil
}

// CommitTime is SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch), or else the time of the
// commit.
func CommitTime(root string) (time.Time, error) {
	text, from := os.Getenv("SOURCE_DATE_EPOCH"), "SOURCE_DATE_EPOCH"
	if text == "" {
		git := exec.Command("git", "log", "-1", "--format=%ct")
		git.Dir = root
		out, err := git.Output()
		if err != nil {
			return time.Time{}, errors.New("no commit to take the time from: set SOURCE_DATE_EPOCH (seconds since 1970)")
		}
		text, from = strings.TrimSpace(string(out)), "git log"
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 315532800 || seconds >= 4354819200 {
		return time.Time{}, fmt.Errorf("%s: %q: must be seconds since 1970, of a year that a zip file can hold, 1980 to 2107",
			from, text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
