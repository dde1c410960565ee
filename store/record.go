package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
)

// Status says what became of an estimate.
type Status string

// The states of a Record.
const (
	OK        Status = "ok"        // Score holds a finite number
	Undefined Status = "undefined" // the estimator has no finite value here; Error says why
	Failed    Status = "failed"    // the estimate broke off; Error says why
)

// Record is one score.
type Record struct {
	Arch         string          `json:"arch"` // canonical text
	ID           string          `json:"id"`
	Estimator    string          `json:"estimator"`
	Settings     json.RawMessage `json:"settings"` // sorted keys, defaults filled in
	SettingsHash string          `json:"settings_hash"`
	Dataset      string          `json:"dataset"` // name, content hash and images used; empty when no data was needed
	Seed         uint64          `json:"seed"`    // weight and data seed
	Score        *float64        `json:"score"`   // nil unless Status is OK
	Seconds      float64         `json:"seconds"` // wall time of the estimate on its own

	// CPUSeconds is the time of processors that the estimate took on its own, all its goroutines together; 0 where it is
	// not known, as in records of earlier versions.
	CPUSeconds float64 `json:"cpu_seconds,omitempty"`

	Status Status `json:"status"`
	Error  string `json:"error,omitempty"`
	Code   string `json:"code"` // version of the program
	CPU    string `json:"cpu"`
}

// Cost is the seconds that count as the price of the score: of processors or, where these are not known, on the wall.
func (r Record) Cost() float64 { return cost(r.Seconds, r.CPUSeconds) }

// Cost is that of the record.
func (r Row) Cost() float64 { return cost(r.Seconds, r.CPUSeconds) }

func cost(wall, cpu float64) float64 {
	if cpu > 0 {
		return cpu
	}
	return wall
}

// Key identifies the question that a Record answers.
type Key struct {
	ID, Estimator, SettingsHash, Dataset string
	Seed                                 uint64
}

// Key returns the record's key.
func (r Record) Key() Key { return Key{r.ID, r.Estimator, r.SettingsHash, r.Dataset, r.Seed} }

// Validate says what is inconsistent about r.
func (r Record) Validate() error {
	switch {
	case r.ID == "" || r.Arch == "":
		return fmt.Errorf("a record needs arch and id")
	case r.Estimator == "":
		return fmt.Errorf("a record needs an estimator")
	case r.Status != OK && r.Status != Undefined && r.Status != Failed:
		return fmt.Errorf("status %q: must be %q, %q or %q", r.Status, OK, Undefined, Failed)
	case (r.Status == OK) != (r.Score != nil):
		return fmt.Errorf("status %q with%s a score: exactly records that are %q have one", r.Status,
			map[bool]string{false: "out"}[r.Score != nil], OK)
	case r.Score != nil && (math.IsNaN(*r.Score) || math.IsInf(*r.Score, 0)):
		return fmt.Errorf("score %v: must be finite", *r.Score)
	case !(r.Seconds >= 0) || math.IsInf(r.Seconds, 0):
		return fmt.Errorf("seconds %v: must be a finite number from 0", r.Seconds)
	case !(r.CPUSeconds >= 0) || math.IsInf(r.CPUSeconds, 0):
		return fmt.Errorf("cpu_seconds %v: must be a finite number from 0", r.CPUSeconds)
	}
	return nil
}

// Store keeps one record a key. Implementations are safe for concurrent use.
type Store interface {
	// Get returns the record of a key and whether there is one.
	Get(Key) (Record, bool, error)
	// Put adds records, all or none; one of the same key that is not OK is replaced, one that is OK is an error. When Put
	// returns, a killed process no longer loses them.
	Put(...Record) error
	// All goes through the current records.
	All() iter.Seq2[Record, error]
	// Close releases the store.
	Close() error
}

// Collect returns the records that a sequence goes through.
func Collect(records iter.Seq2[Record, error]) (out []Record, err error) {
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Each goes through records.
func Each(records []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}
