package scoring

import (
	"cmp"
	"errors"
	"fmt"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
)

// Configure makes estimators of names with settings, as the flag -e of commands takes them, a group being its members.
// What a group brings along is not asked for twice.
func Configure(specs []string) (list []*estimators.Configured, err error) {
	grouped := map[string]bool{} // whether a group brought the estimator of a label
	for _, spec := range specs {
		members, err := estimators.Expand(spec)
		if err != nil {
			return nil, err
		}
		inGroup := estimators.IsGroup(spec)
		for _, member := range members {
			c, err := estimators.Parse(member)
			if err != nil {
				return nil, err
			}
			before, twice := grouped[c.Label]
			switch {
			case !twice:
				grouped[c.Label] = inGroup
				list = append(list, c)
			case !before && !inGroup:
				return nil, fmt.Errorf("%s is asked for twice", c.Label)
			}
		}
	}
	return list, nil
}

// Ready opens the images, if an estimator wants them, and checks that all can be asked.
func Ready(list []*estimators.Configured, open func() (*dataset.Set, error)) (data *dataset.Set, err error) {
	for _, c := range list {
		if c.Info.Needs.Data && data == nil {
			if data, err = open(); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range list {
		if err := cmp.Or(c.Complete(), c.Check(estimators.NewEnv(data, 0))); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Label, err)
		}
	}
	return data, nil
}

// Fit refuses estimators that are not defined for the space of the architectures.
func Fit(list []*estimators.Configured, archs []bench301.Architecture) error {
	if len(archs) == 0 {
		return nil
	}
	var errs []error
	for _, c := range list {
		if err := c.Fits(archs[0]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Label, err))
		}
	}
	return errors.Join(errs...)
}
