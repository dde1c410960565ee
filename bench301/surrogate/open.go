package surrogate

import "fmt"

// Open finds a surrogate by its name: mini.
func Open(name string) (Surrogate, error) {
	switch name {
	case "mini":
		return NewMini(), nil
	}
	return nil, fmt.Errorf("surrogate %q: must be mini", name)
}
