package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// request is the body of POST /v1/query.
type request struct {
	Architectures []json.RawMessage `json:"architectures"`
	Notation      string            `json:"notation"`
	Surrogate     string            `json:"surrogate"`
	Runtime       string            `json:"runtime"`
	Members       bool              `json:"members"`
	NoiseSeed     *uint64           `json:"noise_seed"`
}

// response is the answer to it.
type response struct {
	Predictions []surrogate.Answer `json:"predictions"`
}

// fail answers with a reason.
func fail(w http.ResponseWriter, status int, reason error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": reason.Error()})
}

// send answers with a value.
func send(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the client went away
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		Key     string `json:"key"`
		Default bool   `json:"default"`
		surrogate.Info
	}
	out := make([]entry, len(s.surrogates))
	for i, n := range s.surrogates {
		out[i] = entry{n.Name, n.Name == s.fallback, n.Info()}
	}
	send(w, map[string]any{"surrogates": out})
}

// chunk is how many architectures are answered between two looks at the clock.
const chunk = 1024

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable, fmt.Errorf("%d queries are running: try again", s.limits.Concurrent))
		return
	}
	deadline := time.Now().Add(s.limits.Time)
	genotypes, question, status, err := s.read(w, r)
	if err != nil {
		fail(w, status, err)
		return
	}
	out := response{Predictions: make([]surrogate.Answer, 0, len(genotypes))}
	for len(genotypes) > 0 {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		if time.Now().After(deadline) {
			fail(w, http.StatusServiceUnavailable, fmt.Errorf("not done after %s: ask for fewer architectures at a time",
				s.limits.Time))
			return
		}
		n := min(chunk, len(genotypes))
		out.Predictions = append(out.Predictions, question.Ask(genotypes[:n])...)
		genotypes = genotypes[n:]
	}
	s.metrics.GetOrCreateCounter("bench301_architectures_total").Add(len(out.Predictions))
	send(w, out)
}

// read checks a request. The status belongs to the error.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]bench301.Genotype, *surrogate.Question, int, error) {
	refuse := func(status int, err error) ([]bench301.Genotype, *surrogate.Question, int, error) {
		return nil, nil, status, err
	}
	var q request
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, s.limits.Body))
	body.DisallowUnknownFields()
	err := body.Decode(&q)
	if err == nil {
		if _, more := body.Token(); more != io.EOF {
			err = errors.New("more follows the object")
		}
	}
	if err != nil {
		if large := new(http.MaxBytesError); errors.As(err, &large) {
			return refuse(http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", large.Limit))
		}
		return refuse(http.StatusBadRequest, fmt.Errorf("body: want a JSON object as in /openapi.yaml: %w", err))
	}
	switch n := len(q.Architectures); {
	case n == 0:
		return refuse(http.StatusBadRequest, errors.New("architectures: want a list of at least one"))
	case n > s.limits.Architectures:
		return refuse(http.StatusRequestEntityTooLarge,
			fmt.Errorf("architectures: %d: want at most %d at a time", n, s.limits.Architectures))
	}
	question := &surrogate.Question{Members: q.Members, Noise: q.NoiseSeed}
	if q.Surrogate == "" {
		q.Surrogate = s.fallback
	}
	if question.Accuracy, err = s.find(q.Surrogate); err != nil {
		return refuse(http.StatusBadRequest, fmt.Errorf("surrogate %w", err))
	}
	if question.Accuracy.Info().Unit == surrogate.Seconds {
		return refuse(http.StatusBadRequest, fmt.Errorf("surrogate %.80q predicts seconds: name it as runtime", q.Surrogate))
	}
	if q.Runtime != "" {
		if question.Runtime, err = s.find(q.Runtime); err != nil {
			return refuse(http.StatusBadRequest, fmt.Errorf("runtime %w", err))
		}
		if question.Runtime.Info().Unit == surrogate.Percent {
			return refuse(http.StatusBadRequest, fmt.Errorf("runtime %.80q predicts accuracies: name it as surrogate",
				q.Runtime))
		}
	}
	genotypes, err := parse(q.Architectures, q.Notation)
	if err != nil {
		return refuse(http.StatusBadRequest, err)
	}
	return genotypes, question, 0, nil
}

// parse reads architectures, each a text in any notation or JSON.
func parse(list []json.RawMessage, notation string) ([]bench301.Genotype, error) {
	space := surrogate.Space()
	n := bench301.Notation("")
	if notation != "" {
		var err error
		if n, err = bench301.LookupNotation(space, notation); err != nil {
			return nil, fmt.Errorf("notation: %w", err)
		}
	}
	out := make([]bench301.Genotype, len(list))
	for i, raw := range list {
		text := string(raw)
		if len(raw) > 0 && raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("architectures[%d]: %w", i, err)
			}
		}
		a, _, err := bench301.Parse(space, text, n)
		if err == nil {
			out[i], err = surrogate.Genotype(a)
		}
		if err != nil {
			return nil, fmt.Errorf("architectures[%d]: %w", i, err)
		}
	}
	return out, nil
}
