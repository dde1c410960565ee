package reports

import (
	"context"
	"errors"
	"fmt"
)

// Undrawn is a part of a report that could not be made.
type Undrawn struct {
	Part string // e.g. "figure critical"
	Err  error
}

// Error says which part it is, and why.
func (u *Undrawn) Error() string { return u.Part + ": " + u.Err.Error() }

// Unwrap returns the reason.
func (u *Undrawn) Unwrap() error { return u.Err }

// attempt makes a part of a report. It returns as soon as ctx is done, and leaves work, which must write nothing that
// is seen elsewhere, to end by itself: libraries that draw cannot be interrupted. A panic becomes the part's error.
func attempt[T any](ctx context.Context, part string, work func() (T, error)) (T, error) {
	type result struct {
		made T
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("%v (an error of bench301)", p)
			}
			done <- r
		}()
		if r.err = ctx.Err(); r.err == nil {
			r.made, r.err = work()
		}
	}()
	var r result
	select {
	case <-ctx.Done():
		return r.made, ctx.Err()
	case r = <-done:
	}
	if r.err == nil || ctx.Err() != nil {
		return r.made, cause(ctx, r.err)
	}
	return r.made, &Undrawn{part, r.err}
}

// cause is why ctx is done, or else err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// failures lists the parts behind an error that could not be made.
func failures(err error) (out []*Undrawn) {
	var u *Undrawn
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, failures(e)...)
		}
	} else if errors.As(err, &u) {
		out = append(out, u)
	}
	return out
}

// Progress is told what part of a report is made next, and how many are done of how many.
type Progress func(done, total int, part string)

// tell tells, if anybody listens.
func (p Progress) tell(done, total int, part string) {
	if p != nil {
		p(done, total, part)
	}
}
