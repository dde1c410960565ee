package main

import (
	"debug/macho"
	"encoding/binary"
	"fmt"
	"strings"
)

// python are the tags of the interpreter and of its binary interface: any Python 3, and none.
const python = "py3-none"

// arches are the platforms that have wheels, GOOS/GOARCH, with what Python calls the processor there.
var arches = map[string]string{
	"darwin/amd64": "x86_64", "darwin/arm64": "arm64",
	"linux/amd64": "x86_64", "linux/arm64": "aarch64",
	"windows/amd64": "amd64",
}

// wheelFile is the file WHEEL.
func wheelFile(platforms []string) string {
	text := "Wheel-Version: 1.0\nGenerator: bench301 tools/wheels\nRoot-Is-Purelib: false\n"
	for _, platform := range platforms {
		text += "Tag: " + python + "-" + platform + "\n"
	}
	return text
}

// platformTags are the tags of the platforms on which a program runs. A static one for Linux needs neither glibc nor
// musl, and has the tag of the oldest of either that pip knows of; one for macOS says itself from which version on it
// runs.
func platformTags(program, platform string) ([]string, error) {
	arch := arches[platform]
	switch system, _, _ := strings.Cut(platform, "/"); system {
	case "linux":
		return []string{"manylinux2014_" + arch, "manylinux_2_17_" + arch, "musllinux_1_1_" + arch}, nil
	case "windows":
		return []string{"win_" + arch}, nil
	}
	f, err := macho.Open(program)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, load := range f.Loads {
		if major, minor, ok := oldestMacOS(load.Raw(), f.ByteOrder); ok {
			return []string{fmt.Sprintf("macosx_%d_%d_%s", major, minor, arch)}, nil
		}
	}
	return nil, fmt.Errorf("%s does not say which macOS it needs", program)
}

// oldestMacOS reads a load command LC_BUILD_VERSION of a Mach-O file: command, size, platform (1 is macOS), oldest
// version as xxxx.yy.zz, each 32 bits.
func oldestMacOS(load []byte, order binary.ByteOrder) (major, minor uint32, ok bool) {
	const buildVersion = 0x32
	if len(load) < 16 || order.Uint32(load) != buildVersion || order.Uint32(load[8:]) != 1 {
		return 0, 0, false
	}
	version := order.Uint32(load[12:])
	return version >> 16, version >> 8 & 0xff, true
}
