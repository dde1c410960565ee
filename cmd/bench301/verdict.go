package main

import (
	"cmp"
	"fmt"
	"strings"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study"
)

// verdict says on standard error which scores are missing, an estimator a line. It is an error where nothing was
// scored, or where an estimator failed everywhere; what is undefined everywhere is told, and no failure. part
// says that they are a part of a study, of which an estimator may fail on all architectures.
func verdict(s streams, all []study.Progress, part bool) error {
	const most = 10 // lines
	asked, scored := 0, 0
	var lines, dead []string
	for _, p := range all {
		if p.Label != scoring.AccuracyName {
			asked, scored = asked+p.Asked, scored+p.OK
		}
		if p.Failed+p.Undefined == 0 {
			continue
		}
		var parts []string
		if p.Failed > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d scores failed", p.Failed, p.Asked))
		}
		if p.Undefined > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d undefined", p.Undefined, p.Asked))
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", p.Label, strings.Join(parts, ", "),
			printable.Cut(cmp.Or(p.Reason, "for no reason that was given"), 300)))
		if p.Failed > 0 && p.OK == 0 {
			dead = append(dead, p.Label)
		}
	}
	for i, line := range lines {
		if i == most {
			s.say("and %d estimators more with missing scores", len(lines)-most)
			break
		}
		s.say("%s", line)
	}
	switch {
	case asked > 0 && scored == 0:
		return fmt.Errorf("nothing was scored: all %d scores are missing", asked)
	case dead != nil && !part:
		return fmt.Errorf("%d of %d estimators failed everywhere: %s", len(dead), len(all),
			printable.Cut(strings.Join(dead, ", "), 500))
	}
	return nil
}

// answered counts the answers to one question.
type answered struct {
	study.Progress
	scoring.Tally
	reasons       map[string]int
	scores, costs []float64 // of those that are OK
}

func newAnswered(label string, asked int) *answered {
	return &answered{Progress: study.Progress{Label: label, Asked: asked}, reasons: map[string]int{}}
}

// add counts an answer.
func (p *answered) add(a scoring.Answer) {
	p.Tally.Add(a)
	switch a.Status {
	case store.OK:
		p.OK++
		p.scores, p.costs = append(p.scores, *a.Score), append(p.costs, a.Cost())
		return
	case store.Undefined:
		p.Undefined++
	case store.Failed:
		p.Failed++
	}
	p.reasons[a.Error]++
}

// progress is what was counted, with the commonest reason.
func (p *answered) progress() study.Progress {
	p.Reason = analysis.CommonestOf(p.reasons)
	return p.Progress
}
