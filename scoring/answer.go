package scoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
)

// programAnswer is what a program said about one question.
type programAnswer struct {
	id        *string
	seed      *uint64
	score     float64
	failure   string // why there is no score, in the program's words
	undefined string // why there is none that could be used
}

// notFinite is a score as Python writes it where it is no number.
var notFinite = regexp.MustCompile(`"score"\s*:\s*(NaN|-?Infinity)`)

// parseAnswer reads a line that a program wrote: an object with a score or an error; other keys are its own business.
func parseAnswer(line []byte) (a programAnswer, err error) {
	bad := func(format string, args ...any) (programAnswer, error) {
		return a, &badLine{Clip(line), fmt.Sprintf(format, args...)}
	}
	switch {
	case len(line) > maxAnswer:
		return bad("it has more than %d bytes", maxAnswer)
	case len(bytes.TrimSpace(line)) == 0:
		return bad("it is empty")
	}
	if m := notFinite.FindSubmatch(line); m != nil {
		a.undefined = fmt.Sprintf("the command's score is %s", m[1])
		line = bytes.Replace(line, m[0], []byte(`"score": null`), 1)
	}
	fields, err := object(line)
	if err != nil {
		return bad("%v", err)
	}
	score, hasScore := fields["score"]
	failure, hasError := fields["error"]
	if !hasScore && !hasError {
		return bad("it has neither a score nor an error")
	}
	for name, into := range map[string]any{"id": &a.id, "seed": &a.seed} {
		if raw, ok := fields[name]; ok && (json.Unmarshal(raw, into) != nil || string(raw) == "null") {
			return bad("its %s must be that of the question", name)
		}
	}
	if hasError && json.Unmarshal(failure, &a.failure) != nil {
		return bad("its error must be a text")
	}
	if a.failure = strings.ToValidUTF8(a.failure[:min(len(a.failure), maxReason)], "?"); a.failure != "" {
		return a, nil
	}
	var value *float64
	switch err := json.Unmarshal(score, &value); {
	case !hasScore:
		return bad("its error must say why")
	case err != nil && (score[0] == '-' || score[0] >= '0' && score[0] <= '9'):
		a.undefined = "the command's score is not finite"
	case err != nil:
		return bad("its score must be a number")
	case value == nil && a.undefined == "":
		a.undefined = "the command gave no score"
	case value != nil && (math.IsNaN(*value) || math.IsInf(*value, 0)):
		a.undefined = "the command's score is not finite"
	case value != nil:
		a.score = *value
	}
	return a, nil
}

// maxReason bounds a program's reason, in bytes.
const maxReason = 1000

// object reads one JSON object, no key of which stands twice.
func object(line []byte) (map[string]json.RawMessage, error) {
	in := json.NewDecoder(bytes.NewReader(line))
	if begin, err := in.Token(); err != nil || begin != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	fields := map[string]json.RawMessage{}
	for in.More() {
		name, err := in.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return nil, errors.New("it is no JSON object")
		}
		if _, twice := fields[key]; twice {
			return nil, fmt.Errorf("it has %s twice", Clip([]byte(key)))
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, errors.New("it is no JSON object")
		}
		fields[key] = value
	}
	if _, err := in.Token(); err != nil {
		return nil, errors.New("it is cut off")
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, errors.New("more follows the object")
	}
	return fields, nil
}
