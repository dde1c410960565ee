package study

import (
	"rwe301/analysis"
	"rwe301/store"
)

// Progress says how far one question has come.
type Progress struct {
	Label     string  `json:"estimator"`
	Asked     int     `json:"asked"` // architectures times seeds
	OK        int     `json:"ok"`
	Undefined int     `json:"undefined"`
	Failed    int     `json:"failed"`
	Missing   int     `json:"missing"`
	Seconds   float64 `json:"seconds"` // of what there is: of processors where they are known, else on the wall
	Wall      float64 `json:"wall_seconds"`
	Reason    string  `json:"reason,omitempty"`
}

// Status says how far every question has come, in the order of the study.
func (r *Run) Status() ([]Progress, error) {
	size := r.Manifest.Shard.size(r.Manifest.Architectures)
	out := make([]Progress, len(r.Manifest.Questions))
	index := map[store.Key]int{} // without architecture and seed
	for i, q := range r.Manifest.Questions {
		out[i] = Progress{Label: q.Label, Asked: size * len(q.Seeds)}
		out[i].Missing = out[i].Asked
		index[q.Key()] = i
	}
	questions, err := r.Store.Questions()
	if err != nil {
		return nil, err
	}
	for row, err := range r.Store.Rows() {
		if err != nil {
			return nil, err
		}
		q, known := questions[row.Question]
		if !known {
			continue // added by a writer since this read began
		}
		i, ok := index[q.Key()]
		if !ok {
			return nil, r.foreign(q)
		}
		p := &out[i]
		p.Missing--
		p.Seconds, p.Wall = p.Seconds+row.Cost(), p.Wall+row.Seconds
		switch row.Status {
		case store.OK:
			p.OK++
		case store.Undefined:
			p.Undefined++
		case store.Failed:
			p.Failed++
		}
	}
	for i := range out {
		if p := &out[i]; r.Manifest.Copied {
			p.Asked, p.Missing = p.Asked-p.Missing, 0
		}
	}
	return out, r.reasons(func(k store.Key, text string) {
		if i, ok := index[k]; ok {
			out[i].Reason = text
		}
	})
}

// reasons hands over why questions have answers that are no scores.
func (r *Run) reasons(keep func(question store.Key, text string)) error {
	for f, err := range r.Store.Failures() {
		if err != nil {
			return err
		}
		keep(f.Question.Key(), analysis.Commonest(f.Text, f.Others))
	}
	return nil
}
