package correlation

import "fmt"

// Coefficient names a correlation coefficient, where one is to be chosen at run time.
type Coefficient int

const (
	// KendallTauB is [Kendall].
	KendallTauB Coefficient = iota
	// SpearmanRho is [Spearman].
	SpearmanRho
	// PearsonR is [Pearson].
	PearsonR
)

// String returns "tau-b", "rho" or "r".
func (c Coefficient) String() string {
	switch c {
	case SpearmanRho:
		return "rho"
	case PearsonR:
		return "r"
	default:
		return "tau-b"
	}
}

// ParseCoefficient reads a name: tau-b, kendall or tau; rho or spearman; r or pearson.
func ParseCoefficient(name string) (Coefficient, error) {
	switch name {
	case "tau-b", "kendall", "tau":
		return KendallTauB, nil
	case "rho", "spearman":
		return SpearmanRho, nil
	case "r", "pearson":
		return PearsonR, nil
	}
	return 0, fmt.Errorf("coefficient %q: want kendall, spearman or pearson", name)
}

// Of returns the coefficient of x and y: [Kendall], [Spearman] or [Pearson].
func (c Coefficient) Of(x, y []float64) (float64, error) {
	switch c {
	case SpearmanRho:
		return Spearman(x, y)
	case PearsonR:
		return Pearson(x, y)
	default:
		return Kendall(x, y)
	}
}

// Test returns the coefficient of x and y with its p-value: [KendallTest] (automatic method), [SpearmanTest] or
// [PearsonTest].
func (c Coefficient) Test(x, y []float64, alt Alternative) (Test, error) {
	switch c {
	case SpearmanRho:
		return SpearmanTest(x, y, alt)
	case PearsonR:
		return PearsonTest(x, y, alt)
	default:
		return KendallTest(x, y, Auto, alt)
	}
}
