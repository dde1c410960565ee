package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
)

// parseLine reads a record as appendLine writes it.
func parseLine(raw []byte) (r Record, err error) {
	if err := strictjson.Unmarshal(raw, &r); err != nil {
		return Record{}, err
	}
	return r, r.valid()
}

// parseTouched is parseLine of a file that other programs may have written again: a byte order mark before the line
// counts for nothing, and a score that is NaN or infinite, as Python writes and JSON cannot, is undefined.
func parseTouched(raw []byte) (Record, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	r, err := parseLine(raw)
	if err != nil {
		return parsePython(raw, err)
	}
	return r, nil
}

// valid says what is wrong with a record that was read.
func (r Record) valid() error {
	if err := r.Validate(); err != nil {
		return err
	}
	return Named{r.ID, r.Arch}.Validate()
}

// parsePython is parseLine of a line that strict JSON refuses with err: one NaN, Infinity or -Infinity may stand in it,
// as the score.
func parsePython(raw []byte, err error) (Record, error) {
	quoted := strictjson.Quote(raw)
	if len(quoted) != len(raw)+len(`""`) {
		return Record{}, err
	}
	var r struct {
		Record
		Score string `json:"score"` // in place of the record's
	}
	if strictjson.Unmarshal(quoted, &r) != nil || r.Score == "" {
		return Record{}, err
	}
	if r.Status == OK {
		r.Status, r.Error = Undefined, "the file has "+r.Score+" as the score"
	}
	return r.Record, r.valid()
}

// Validate says so where the id is not that of the canonical text: the first 16 hex digits of its SHA-256.
func (n Named) Validate() error {
	sum := sha256.Sum256([]byte(n.Arch))
	if want := hex.EncodeToString(sum[:8]); n.ID != want {
		return fmt.Errorf("the id %s does not belong to the architecture %s, whose id is %s", printable.Cut(n.ID, 40),
			printable.Cut(n.Arch, 60), want)
	}
	return nil
}

// interned are texts that many records have in common.
type interned struct {
	texts    map[string]string
	settings map[string]json.RawMessage
	last     Record
}

// mostInterned bounds how many texts are kept: reasons may be different in every record.
const mostInterned = 10_000

// share replaces the texts of a record by equal ones that other records have.
func (t *interned) share(r *Record) {
	if t.texts == nil {
		t.texts, t.settings = map[string]string{}, map[string]json.RawMessage{}
	}
	for _, text := range []*string{&r.Estimator, &r.SettingsHash, &r.Dataset, &r.Error, &r.Code, &r.CPU} {
		if known, ok := t.texts[*text]; ok {
			*text = known
		} else if len(t.texts) < mostInterned {
			t.texts[*text] = *text
		}
	}
	if known, ok := t.settings[string(r.Settings)]; ok && r.Settings != nil {
		r.Settings = known
	} else if r.Settings != nil && len(t.settings) < mostInterned {
		t.settings[string(r.Settings)] = r.Settings
	}
	for _, s := range []Status{OK, Undefined, Failed} {
		if r.Status == s {
			r.Status = s
		}
	}
	if r.ID == t.last.ID && r.Arch == t.last.Arch {
		r.ID, r.Arch = t.last.ID, t.last.Arch
	}
	t.last = *r
}
