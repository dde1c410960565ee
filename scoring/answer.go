package scoring

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rwe301/internal/strictjson"
)

// programAnswer is what a program said about one question.
type programAnswer struct {
	id        *string
	seed      *uint64
	score     float64
	failure   string // why there is no score, in the program's words
	undefined string // why there is none that could be used

	cpu time.Duration // of a process that answered nothing else; 0 if not known
}

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
	var fields map[string]json.RawMessage
	text := bytes.ToValidUTF8(strictjson.Quote(line), []byte("\ufffd"))
	if err := strictjson.Unmarshal(text, &fields); err != nil || fields == nil {
		return bad("it is no JSON object: %v", cmp.Or(err, errors.New("null")))
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
	case slices.Contains([]string{`"NaN"`, `"Infinity"`, `"-Infinity"`}, string(score)): // R has them in quotes
		a.undefined = "the command's score is " + strings.Trim(string(score), `"`)
	case err != nil && (score[0] == '-' || score[0] >= '0' && score[0] <= '9'):
		a.undefined = "the command's score is not finite"
	case err != nil:
		return bad("its score must be a number")
	case value == nil:
		a.undefined = "the command gave no score"
	default:
		a.score = *value
	}
	return a, nil
}

// maxReason bounds a program's reason, in bytes.
const maxReason = 1000
