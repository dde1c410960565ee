package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// refusal is an error with the status of its answer.
type refusal struct {
	status int
	error
}

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Errorf(format, args...)}
}

// request is the body of POST /v1/query.
type request struct {
	Architectures architectures `json:"architectures"`
	Notation      string        `json:"notation"`
	Surrogate     string        `json:"surrogate"`
	Runtime       string        `json:"runtime"`
	Members       bool          `json:"members"`
	NoiseSeed     *uint64       `json:"noise_seed"`
}

// body is the text of a request: at most so many bytes, packed by gzip or not, without a byte order mark.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	r.Body = &patient{ReadCloser: r.Body, server: s, control: http.NewResponseController(w)}
	plain := bufio.NewReader(http.MaxBytesReader(w, r.Body, s.limits.Body))
	packed := false
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		head, _ := plain.Peek(2)
		packed = bytes.Equal(head, []byte{0x1f, 0x8b})
	case "gzip", "x-gzip":
		packed = true
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Encoding %.40q: want gzip or none", encoding)
	}
	if packed {
		z, err := gzip.NewReader(plain)
		if err != nil {
			return nil, s.bad(fmt.Errorf("gzip: %w", err))
		}
		plain = bufio.NewReader(http.MaxBytesReader(w, io.NopCloser(z), s.limits.Body))
	}
	head, _ := plain.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = plain.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, refuse(http.StatusBadRequest, "body: it is written in UTF-16: want UTF-8")
	}
	return plain, nil
}

// patient reads a body, and waits for its bytes no longer than bodyTime in all. Time spent otherwise does not count.
type patient struct {
	io.ReadCloser
	server  *Server
	control *http.ResponseController
	waited  time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	left := bodyTime - p.waited
	if p.server.stopping.Load() {
		left = min(left, time.Second)
	}
	start := time.Now()
	_ = p.control.SetReadDeadline(start.Add(left)) // a recorder of tests has none
	n, err := p.ReadCloser.Read(b)
	p.waited += time.Since(start)
	return n, err
}

// longestValue bounds the bytes of one text in a body, which the decoder holds in memory: an architecture takes less.
const longestValue = 128 << 10

// lookahead hands a body to a decoder, which may hold no more of it than the longest value.
type lookahead struct {
	io.Reader
	given int64
	taken func() int64 // by the decoder, of what was given
}

func (l *lookahead) Read(b []byte) (int, error) {
	room := longestValue - (l.given - l.taken())
	if room <= 0 {
		return 0, refuse(http.StatusRequestEntityTooLarge, "body: a text, or blanks, of more than %d bytes", longestValue)
	}
	n, err := l.Reader.Read(b[:min(int64(len(b)), room)])
	l.given += int64(n)
	return n, err
}

// bad is what is wrong with a body that could not be read.
func (s *Server) bad(err error) error {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", large.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(http.StatusRequestTimeout, "the body did not come within %s", bodyTime)
	}
	return refuse(http.StatusBadRequest, "body: want a JSON object as in /openapi.yaml: %w", err)
}

// read reads a request as it comes in: its text is never in memory as a whole.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*request, error) {
	text, err := s.body(w, r)
	if err != nil {
		return nil, err
	}
	ahead := &lookahead{Reader: text}
	in := json.NewDecoder(ahead)
	ahead.taken = in.InputOffset
	q := &request{}
	q.Architectures.most = s.limits.Architectures
	q.Architectures.hold = s.hold
	if err := q.read(in); err != nil {
		q.Architectures.release()
		if own := (*refusal)(nil); errors.As(err, &own) {
			return nil, err
		}
		return nil, s.bad(err)
	}
	return q, nil
}

func (q *request) read(in *json.Decoder) error {
	begin, err := in.Token()
	if err != nil {
		return err
	}
	if begin != json.Delim('{') {
		return fmt.Errorf("cannot unmarshal %s into an object", kind(begin))
	}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return inside(err)
		}
		name, _ := token.(string)
		if seen[name] {
			return fmt.Errorf("%.80q stands twice", name)
		}
		seen[name] = true
		var into any
		switch name {
		case "architectures":
			if err := q.Architectures.read(in, q.Notation); err != nil {
				return inside(err)
			}
			continue
		case "notation":
			into = &q.Notation
		case "surrogate":
			into = &q.Surrogate
		case "runtime":
			into = &q.Runtime
		case "members":
			into = &q.Members
		case "noise_seed":
			into = &q.NoiseSeed
		default:
			return fmt.Errorf("json: unknown field %.80q", name)
		}
		if err := in.Decode(into); err != nil {
			return fmt.Errorf("%s: %w", name, inside(err))
		}
		if name == "notation" && seen["architectures"] {
			if err := q.Architectures.again(q.Notation); err != nil {
				return err
			}
		}
	}
	if _, err := in.Token(); err != nil {
		return inside(err)
	}
	if _, err := in.Token(); err != io.EOF {
		return errors.New("more follows the object")
	}
	return q.Architectures.check()
}

// inside is an error between the first and the last character of the object.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func kind(t json.Token) string {
	switch t.(type) {
	case json.Delim:
		return "array"
	case string:
		return "string"
	case nil:
		return "null"
	}
	return fmt.Sprint(t)
}

const (
	// block is how many architectures are kept together, and answered between two looks at the clock.
	block = 1024
	// keptTexts bounds the bytes of texts that are kept in case the notation comes after them.
	keptTexts = 1 << 20
)

// architectures are those of a request.
type architectures struct {
	most    int
	hold    func(n int) bool // counts architectures in memory; false where there are too many
	count   int
	held    int
	blocks  [][]bench301.Genotype // of block each, but for the last
	texts   [][]byte              // as long as they are few
	bytes   int
	invalid error // of the first one that cannot be read
}

// MarshalJSON stands for the list in the tests of the description.
func (a architectures) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }

func (a *architectures) release() {
	if a.held > 0 {
		a.hold(-a.held)
		a.held = 0
	}
}

func (a *architectures) read(in *json.Decoder, notation string) error {
	n, err := lookup(notation)
	if err != nil {
		return err
	}
	switch begin, err := in.Token(); {
	case err != nil:
		return err
	case begin == nil:
		return nil
	case begin != json.Delim('['):
		return fmt.Errorf("architectures: cannot unmarshal %s into a list", kind(begin))
	}
	for in.More() {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return err
		}
		if notation == "" && a.bytes <= keptTexts {
			a.texts = append(a.texts, raw)
			a.bytes += len(raw) + 32
		}
		if err := a.add(raw, n); err != nil {
			return err
		}
	}
	_, err = in.Token()
	return err
}

// again reads the texts in a notation that was named after them.
func (a *architectures) again(notation string) error {
	n, err := lookup(notation)
	switch {
	case err != nil || notation == "":
		return err
	case a.bytes > keptTexts:
		return errors.New("with so many architectures, notation has to stand before them in the object")
	}
	texts := a.texts
	a.count, a.blocks, a.texts, a.invalid = 0, nil, nil, nil
	for _, raw := range texts {
		if err := a.add(raw, n); err != nil {
			return err
		}
	}
	return nil
}

// add parses one, a text in any notation or JSON. Behind the first that cannot be read they are only counted.
func (a *architectures) add(raw json.RawMessage, n bench301.Notation) error {
	a.count++
	if a.invalid != nil || a.count > a.most {
		return nil
	}
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			a.invalid = err
			return nil
		}
	}
	var parsed bench301.Architecture
	var err error
	if known, ok := bench301.KnownNetwork(surrogate.Space(), text); ok {
		parsed = known.Architecture
	} else {
		parsed, _, err = bench301.Parse(surrogate.Space(), text, n)
	}
	var g bench301.Genotype
	if err == nil {
		g, err = surrogate.Genotype(parsed)
	}
	if err != nil {
		a.invalid = refuse(http.StatusBadRequest, "architectures[%d]: %w", a.count-1, err)
		return nil
	}
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last]) == block {
		if a.held < a.count && a.count > block { // the first block is everybody's
			if !a.hold(block) {
				return refuse(http.StatusServiceUnavailable, "the server is busy with other large requests: try again")
			}
			a.held += block
		}
		a.blocks = append(a.blocks, nil)
		last++
	}
	a.blocks[last] = append(a.blocks[last], g)
	return nil
}

// check refuses a list that is empty, too long, or has something else in it.
func (a *architectures) check() error {
	a.texts = nil
	switch {
	case a.count == 0:
		return refuse(http.StatusBadRequest, "architectures: want a list of at least one")
	case a.count > a.most:
		return refuse(http.StatusRequestEntityTooLarge, "architectures: %d: want at most %d at a time", a.count, a.most)
	}
	return a.invalid
}

func lookup(notation string) (bench301.Notation, error) {
	if notation == "" {
		return "", nil
	}
	n, err := bench301.LookupNotation(surrogate.Space(), notation)
	if err != nil {
		return "", refuse(http.StatusBadRequest, "notation: %w", err)
	}
	return n, nil
}
