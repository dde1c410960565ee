package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rwe301/internal/printable"
)

// heldEach is how many results a core may have that are not confirmed.
const heldEach = 4

// say has results confirmed, and then what is given back, behind the back of the core.
func (w *Worker) say(r *offered, m jetstream.Msg, release func(), results []result, back *result) {
	w.says.Go(func() {
		defer release()
		ok, archs := true, 0
		for _, out := range results {
			if _, ok = w.confirm(r, out); !ok {
				break
			}
			archs += len(out.Piece.Architectures)
		}
		if ok && back != nil {
			_, ok = w.confirm(r, *back)
		}
		w.settle(m, ok)
		if ok && back == nil {
			r.mu.Lock()
			r.pieces++
			r.archs += archs
			r.mu.Unlock()
		}
	})
}

// settle acknowledges a piece that is answered, or given back by a message; any other goes to another worker.
func (w *Worker) settle(m jetstream.Msg, ok bool) {
	switch {
	case ok:
		_ = m.Ack() // one that is lost brings the piece again, which nobody then computes
	case w.grace.Err() != nil:
		_ = m.Nak()
	default:
		_ = m.NakWithDelay(again)
	}
}

// confirm says a result until the coordinator has it on the disk; ok is false where that will not be.
func (w *Worker) confirm(r *offered, out result) (said reply, ok bool) {
	parts, err := w.parts(out)
	if err != nil {
		w.Say("%s: %v", printable.Cut(r.Name, 100), err)
		return said, false
	}
	for _, text := range parts {
		if said, ok = w.tell(r, text); !ok {
			return said, false
		}
	}
	return said, true
}

// tell sends one message of a result until it is answered.
func (w *Worker) tell(r *offered, text []byte) (said reply, ok bool) {
	for wait := again / 4; ; wait = min(2*wait, 5*time.Second) {
		within, stop := context.WithTimeout(r.telling, 20*time.Second)
		m, err := w.Conn.RequestWithContext(within, r.results(), text)
		stop()
		said = reply{}
		if err == nil && json.Unmarshal(m.Data, &said) == nil && !said.Later {
			if said.Error != "" {
				w.Say("%s: a result was not taken: %s", printable.Cut(r.Name, 100), printable.Cut(said.Error, 500))
			}
			return said, said.Error == ""
		}
		if w.Conn.IsClosed() {
			return said, false
		}
		select {
		case <-r.telling.Done():
			return said, false
		case <-time.After(wait):
		}
	}
}

// parts are the messages of a result: several where it is larger than the server allows.
func (w *Worker) parts(out result) ([][]byte, error) {
	text := encode(out)
	if int64(len(text)) <= w.Conn.MaxPayload()/2 {
		return [][]byte{text}, nil
	}
	half := out
	n, k := len(out.Piece.Architectures), len(out.Piece.Asks)
	switch {
	case out.Scores == nil || n < 2 && k < 2:
		return nil, fmt.Errorf("a result of %d bytes: the server takes %d", len(text), w.Conn.MaxPayload())
	case n >= 2:
		half.Piece.Architectures, half.Scores = out.Piece.Architectures[:n/2], out.Scores[:n/2]
		out.Piece.Architectures, out.Scores = out.Piece.Architectures[n/2:], out.Scores[n/2:]
	default:
		half.Piece.Asks, half.Scores = out.Piece.Asks[:k/2], [][]score{out.Scores[0][:k/2]}
		out.Piece.Asks, out.Scores = out.Piece.Asks[k/2:], [][]score{out.Scores[0][k/2:]}
	}
	half.Took, out.Took = 0, 0
	first, err := w.parts(half)
	if err != nil {
		return nil, err
	}
	second, err := w.parts(out)
	return append(first, second...), err
}
