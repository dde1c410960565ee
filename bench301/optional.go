package bench301

import "strings"

// Published is a space with networks that were published, reference points beside one's own. Commands take their names
// for architectures; figures of searches show them.
type Published interface {
	// KnownNetworks lists them in a fixed order.
	KnownNetworks() []Known
}

// KnownNetworks lists the published networks of a space; there are none unless it is [Published].
func KnownNetworks(s Space) []Known {
	if p, ok := s.(Published); ok {
		return p.KnownNetworks()
	}
	return nil
}

// KnownNetwork finds a published network of a space by name, in any case of letters.
func KnownNetwork(s Space, name string) (Known, bool) {
	for _, k := range KnownNetworks(s) {
		if strings.EqualFold(k.Name, name) {
			return k, true
		}
	}
	return Known{}, false
}

// Cited is a space that papers describe.
type Cited interface {
	// Citations are the BibTeX keys of what a study of the space cites.
	Citations() []string
}

// Bounded is a space whose objectives other work scales by bounds of its own, so that hypervolumes compare.
type Bounded interface {
	ObjectiveBox() ObjectiveBox
}

// ObjectiveBox bounds three minimised objectives: the error as a fraction, parameters, and multiply-accumulates.
type ObjectiveBox struct {
	Low, High [3]float64 // the ideal and the nadir point
	Name      string     // whose box it is, to print in a sentence
	Citation  string     // BibTeX key
}

// PythonSource is a space with a notation that training scripts import as Python source.
type PythonSource interface {
	// PythonSource returns that notation, and the source that its values need before them.
	PythonSource() (n Notation, preamble string)
}

// Canonicaliser is an architecture that can be spelled in several ways.
type Canonicaliser interface {
	// CanonicalForm is equal for all spellings of an architecture. Estimators draw weights in its order.
	CanonicalForm() Architecture
}

// Canonical returns the form that all spellings of a share: a itself unless it is a [Canonicaliser].
func Canonical(a Architecture) Architecture {
	if c, ok := a.(Canonicaliser); ok {
		return c.CanonicalForm()
	}
	return a
}

// PoolCounter is an architecture whose pooling operations the estimator pool-count counts.
type PoolCounter interface {
	// Pools is the number of pooling operations in the normal cell, or in the only one.
	Pools() int
}

// OperationCounter is an architecture that counts the operations of its cells: for the estimators sepconv-count, depth
// and effdim-cell, and for studies, which compare estimators among architectures with equal counts.
type OperationCounter interface {
	CountOperations() OperationCounts
}

// OperationCounts are numbers of operations in all cells of an architecture, each kind of cell once.
type OperationCounts struct {
	Convolutions int // of every kind
	Separable    int // separable convolutions, which are among Convolutions
	Skips        int
	NormalSkips  int // those of the normal cell
	FromInputs   int // edges that begin at an input of their cell
	Depth        int // edges on the longest path through the normal cell, from an input to a node
}
