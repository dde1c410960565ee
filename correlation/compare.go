package correlation

// Comparison is the difference between two coefficients with the same truth, under resampling of the rows that all
// three vectors share.
type Comparison struct {
	A, B       float64 // the coefficients of the two score vectors with the truth
	Difference float64 // A - B
	Interval   Interval
	P          float64 // two-sided, of no difference, by inversion of the interval
	PAdjusted  float64 // after Holm, when there are several comparisons; else P
	Undefined  int     // resamples dropped because either coefficient was undefined
}

// Distinguishable says whether the difference is significant at the level of the interval, after adjustment.
func (c Comparison) Distinguishable() bool { return c.PAdjusted < 1-c.Interval.Level }

// Mark is "~" where A and B cannot be told apart, else "+" or "-", the sign of A-B.
func (c Comparison) Mark() string {
	switch {
	case !c.Distinguishable():
		return "~"
	case c.Difference > 0:
		return "+"
	default:
		return "-"
	}
}

// Compare compares the coefficients of two score vectors a and b with the same truth (equal lengths, n >= 2) by a
// paired bootstrap of rows, with a BCa interval at a level such as 0.95. The error wraps [ErrUndefined] when either
// coefficient is undefined, [ErrNaN] for a NaN.
func Compare(c Coefficient, a, b, truth []float64, level float64, o Options) (Comparison, error) {
	valueA, err := c.Of(a, truth)
	if err != nil {
		return Comparison{}, err
	}
	valueB, err := c.Of(b, truth)
	if err != nil {
		return Comparison{}, err
	}
	k := differenceKernel{newKernel(c, a, truth), newKernel(c, b, truth)}
	d, err := bootstrapRows(k, valueA-valueB, len(truth), o)
	if err != nil {
		return Comparison{}, err
	}
	iv, err := d.Interval(BCa, level)
	if err != nil {
		return Comparison{}, err
	}
	p := d.PValue(0, BCa)
	return Comparison{
		A: valueA, B: valueB, Difference: valueA - valueB,
		Interval: iv, P: p, PAdjusted: p, Undefined: d.Undefined,
	}, nil
}

// CompareWith compares every score vector with scores[reference] (A is the vector, B the reference) on the same
// resamples, and adjusts the p-values by [Holm]. The entry of the reference itself, and those of vectors whose
// coefficient is undefined, have a nil Comparison; the latter have an error.
func CompareWith(c Coefficient, scores [][]float64, reference int, truth []float64, level float64,
	o Options) ([]*Comparison, []error) {
	out, errs := make([]*Comparison, len(scores)), make([]error, len(scores))
	var ps []float64
	for i, s := range scores {
		if i == reference {
			continue
		}
		cmp, err := Compare(c, s, scores[reference], truth, level, o)
		if err != nil {
			errs[i] = err
			continue
		}
		out[i] = &cmp
		ps = append(ps, cmp.P)
	}
	adjusted := Holm(ps)
	for _, cmp := range out {
		if cmp != nil {
			cmp.PAdjusted, adjusted = adjusted[0], adjusted[1:]
		}
	}
	return out, errs
}

// Best returns the index of the score vector with the highest coefficient, the first of equals, or -1 when none is
// defined.
func Best(c Coefficient, scores [][]float64, truth []float64) int {
	best, highest := -1, 0.0
	for i, s := range scores {
		if v, err := c.Of(s, truth); err == nil && (best < 0 || v > highest) {
			best, highest = i, v
		}
	}
	return best
}
