package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// fail answers with a reason.
func fail(w http.ResponseWriter, status int, reason error) {
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
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

// Times of a request, beside that of its work.
const (
	bodyTime  = 30 * time.Second // until its body is here
	blockTime = 30 * time.Second // until the client has taken a block of answers
)

// query reads a request, and only then takes a place among those that are answered. Answers are sent block by block.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		w.Header().Set("Connection", "close")
		fail(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	s.running.Add(1)
	defer s.running.Add(-1)
	q, err := s.read(w, r)
	if err == nil {
		defer q.Architectures.release()
		var question *surrogate.Question
		if question, err = s.question(q); err == nil {
			err = s.answer(w, r, q, question)
		}
	}
	if own := (*refusal)(nil); errors.As(err, &own) {
		fail(w, own.status, own.error)
	}
}

// answer sends the predictions. It returns an error as long as nothing is sent; later it breaks off the connection.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q *request, question *surrogate.Question) error {
	control := http.NewResponseController(w)
	var text bytes.Buffer
	text.WriteString(`{"predictions":[`)
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	left := s.limits.Time
	for i, genotypes := range q.Architectures.blocks {
		answers, spent, err := s.compute(r, question, genotypes, i == 0)
		if left -= spent; err == nil && left <= 0 {
			err = refuse(http.StatusServiceUnavailable, "not done after %s: ask for fewer architectures at a time",
				s.limits.Time)
		}
		switch {
		case err != nil && i == 0:
			return err
		case err != nil:
			panic(http.ErrAbortHandler) // a whole answer must not be mistaken for a part
		}
		for k, a := range answers {
			if i+k > 0 {
				text.WriteByte(',')
			}
			_ = e.Encode(a)
			text.Truncate(text.Len() - 1) // the encoder's newline
		}
		if i == len(q.Architectures.blocks)-1 {
			text.WriteString("]}\n")
		}
		if i == 0 {
			w.Header().Set("Content-Type", "application/json")
		}
		_ = control.SetWriteDeadline(time.Now().Add(blockTime))
		if _, err := w.Write(text.Bytes()); err != nil {
			panic(http.ErrAbortHandler) // the client went away
		}
		text.Reset()
		q.Architectures.blocks[i] = nil
	}
	s.metrics.GetOrCreateCounter("bench301_architectures_total").Add(q.Architectures.count)
	return nil
}

// compute answers one block in a place among the queries, the first of them only if there is one at once, and says how
// long that took.
func (s *Server) compute(r *http.Request, question *surrogate.Question, genotypes []bench301.Genotype, first bool) (
	answers []surrogate.Answer, spent time.Duration, err error) {
	select {
	case s.busy <- struct{}{}:
	default:
		if first {
			return nil, 0, refuse(http.StatusServiceUnavailable, "%d queries are running: try again", s.limits.Concurrent)
		}
		select {
		case s.busy <- struct{}{}:
		case <-r.Context().Done():
			return nil, 0, r.Context().Err()
		}
	}
	defer func() { <-s.busy }()
	select {
	case s.cores <- struct{}{}: // time on a core is what counts
		defer func() { <-s.cores }()
	case <-r.Context().Done():
		return nil, 0, r.Context().Err()
	}
	start := time.Now()
	answers = question.Ask(genotypes)
	return answers, time.Since(start), nil
}

// question opens what a request asks.
func (s *Server) question(q *request) (question *surrogate.Question, err error) {
	question = &surrogate.Question{Members: q.Members, Noise: q.NoiseSeed}
	if q.Surrogate == "" {
		q.Surrogate = s.fallback
	}
	if question.Accuracy, err = s.find(q.Surrogate); err != nil {
		return nil, refuse(http.StatusBadRequest, "surrogate %w", err)
	}
	if question.Accuracy.Info().Unit == surrogate.Seconds {
		return nil, refuse(http.StatusBadRequest, "surrogate %.80q predicts seconds: name it as runtime", q.Surrogate)
	}
	if q.Runtime != "" {
		if question.Runtime, err = s.find(q.Runtime); err != nil {
			return nil, refuse(http.StatusBadRequest, "runtime %w", err)
		}
		if question.Runtime.Info().Unit == surrogate.Percent {
			return nil, refuse(http.StatusBadRequest, "runtime %.80q predicts accuracies: name it as surrogate", q.Runtime)
		}
	}
	return question, nil
}

// cores is how many blocks are answered at a time.
func cores() int { return runtime.GOMAXPROCS(0) }

var errStopping = fmt.Errorf("the server is shutting down")
