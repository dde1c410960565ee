package study

import (
	"bytes"
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// WithDataset is the text of a definition with another data set: sample, cifar10, or the absolute path of one. What the
// definition says of its own data set goes with it; comments stay.
func WithDataset(text []byte, name string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return text, nil // Parse says what is wrong with it
	}
	top := document.Content[0]
	value := &yaml.Node{Kind: yaml.ScalarNode, Value: name, LineComment: "chosen by --data"}
	if filepath.IsAbs(name) {
		value = &yaml.Node{}
		if err := value.Encode(map[string]string{"name": "folder", "path": name}); err != nil {
			return nil, err
		}
	}
	found := false
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == "dataset" {
			top.Content[i+1], found = value, true
		}
	}
	if !found {
		top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "dataset"}, value)
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&document); err != nil {
		return nil, fmt.Errorf("definition with dataset %s: %w", name, err)
	}
	return out.Bytes(), e.Close()
}
