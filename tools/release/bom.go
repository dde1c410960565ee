package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// component is one of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), as far as ours goes.
type component struct {
	Type    string   `json:"type"`
	Ref     string   `json:"bom-ref"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	PURL    string   `json:"purl,omitempty"`
	Hashes  []digest `json:"hashes,omitempty"`
}

// digest is the hash of a component, that of go.sum, in hexadecimal digits.
type digest struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

// bom is the bill of materials of a program, as JSON of CycloneDX: Go's library and the modules that are linked into
// it.
func bom(info *buildinfo.BuildInfo, version string, when time.Time) ([]byte, error) {
	std, err := module("std", strings.TrimPrefix(info.GoVersion, "go"), "")
	if err != nil {
		return nil, err
	}
	parts := []component{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		part, err := module(m.Path, m.Version, m.Sum)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	slices.SortFunc(parts, func(a, b component) int { return cmp.Compare(a.Ref, b.Ref) })
	type metadata struct {
		Timestamp time.Time `json:"timestamp"`
		Component component `json:"component"`
	}
	text, err := json.MarshalIndent(struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}{"CycloneDX", "1.6", 1, metadata{when, component{Type: "application", Ref: "bench301@" + version, Name: "bench301",
		Version: version}}, parts}, "", "  ")
	return append(text, '\n'), err
}

// module is a module as a component, by the package URL of Go's modules. The sum is that of go.sum, or none.
func module(path, version, sum string) (component, error) {
	if version == "" || version == "(devel)" {
		return component{}, fmt.Errorf("module %s has no version that others can fetch", path)
	}
	url := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	c := component{Type: "library", Ref: url, Name: path, Version: version, PURL: url}
	if sum == "" {
		return c, nil
	}
	hash, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(hash) != 32 || !strings.HasPrefix(sum, "h1:") {
		return component{}, fmt.Errorf("module %s: %q is no SHA-256 of go.sum", path, sum)
	}
	c.Hashes = []digest{{"SHA-256", hex.EncodeToString(hash)}}
	return c, nil
}
