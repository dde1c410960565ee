package study

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"rwe301/scoring"
	"rwe301/search"
)

// ErrUnfinished is that of searches that are not finished.
var ErrUnfinished = errors.New("searches that are not finished")

// SearchFile is the definition of the searches that come first.
func (p *Plan) SearchFile() string { return p.inputs.Path(p.Definition.Architectures.Search.Path) }

// WithSearches is the text of a definition that names a definition of searches, with a folder of these searches in its
// place: then they are not run. path is that of the text, folder is absolute, and images, if not nil, are those of the
// searches. A folder of other searches is an error, and so is one in which some are not finished.
func WithSearches(ctx context.Context, path string, text []byte, images *scoring.Images, folder string) ([]byte,
	error) {
	d, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	s := d.Architectures.Search
	if s == nil {
		return nil, fmt.Errorf("%s: its architectures come from no searches", path)
	}
	s.Images = images
	from := (&scoring.Inputs{Base: d.base}).Path(s.Path)
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return nil, s.at.Errorf("%s: a folder of searches already, which are not run", s.Path)
	}
	defined, err := s.defined(from)
	if err != nil {
		return nil, err
	}
	found, err := search.Open(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	if !defined.Same(found.Manifest.Definition) {
		return nil, s.at.Errorf("%s: not the searches that are in %s: it, or the images, changed since they began", s.Path,
			folder)
	}
	if done, err := found.Finished(ctx); err != nil || !done {
		if err == nil {
			err = fmt.Errorf("%s: %w: bench301 search resume goes on with them", folder, ErrUnfinished)
		}
		return nil, err
	}
	return replaceSearch(text, folder)
}

// replaceSearch writes a folder where a definition names its searches.
func replaceSearch(text []byte, folder string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if archs := field(document.Content[0], "architectures"); archs != nil {
		if value := field(archs, "search"); value != nil {
			*value = yaml.Node{Kind: yaml.ScalarNode, Value: filepath.ToSlash(folder), LineComment: value.LineComment}
		}
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&document); err != nil {
		return nil, err
	}
	return out.Bytes(), e.Close()
}

// field is a value of a mapping, or nil.
func field(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}
