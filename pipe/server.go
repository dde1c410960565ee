package pipe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"rwe301/bench301/surrogate"
	"rwe301/internal/suggest"
	"rwe301/scoring"
)

// Version is that of the protocol. It changes where a client of the version before would misunderstand an answer.
const Version = 1

// longest bounds the bytes of a message.
const longest = 1 << 30

// Server answers requests.
type Server struct {
	Machine scoring.Machine // what stands beside scores

	out        writer
	work       sync.WaitGroup
	surrogates surrogates

	mu      sync.Mutex
	running map[string]context.CancelFunc // by id
}

// method answers requests. It decodes params with decode, whose errors are the client's.
type method func(*Server, context.Context, *call) (any, error)

// methods are those of requests, by name.
var methods = map[string]method{
	"hello":      (*Server).hello,
	"surrogate":  (*Server).surrogate,
	"query":      (*Server).query,
	"sample":     (*Server).sample,
	"complexity": (*Server).complexity,
	"convert":    (*Server).convert,
	"score":      (*Server).score,
	"correlate":  (*Server).correlate,
}

// cancelling is the notification that ends a request.
const cancelling = "cancel"

// call is one request.
type call struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Spec   string          `json:"jsonrpc"`

	out *writer
}

// Codes of errors: those of JSON-RPC 2.0, and two of our own.
const (
	notJSON       = -32700
	noRequest     = -32600
	noMethod      = -32601
	invalidParams = -32602
	failed        = 1
	cancelled     = 2
)

// Error is an answer that says what was wrong.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// invalid is an error of the client.
func invalid(err error) error { return &Error{invalidParams, err.Error()} }

func invalidf(format string, args ...any) error { return invalid(fmt.Errorf(format, args...)) }

// decode reads the params of a request; a field that it does not have is an error.
func (c *call) decode(into any) error {
	if len(c.Params) == 0 {
		c.Params = json.RawMessage("{}")
	}
	d := json.NewDecoder(bytes.NewReader(c.Params))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return invalidf("%s", mistyped(wrong))
	case err != nil:
		return invalidf("%s: params: %s", c.Method, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// mistyped says which value has the wrong type, and which is right.
func mistyped(e *json.UnmarshalTypeError) string {
	wanted := map[reflect.Kind]string{reflect.Int: "a whole number", reflect.Uint64: "a whole number from 0 to 2^64-1",
		reflect.Float64: "a number", reflect.String: "a text", reflect.Bool: "true or false", reflect.Slice: "a list"}
	given := map[string]string{"string": "a text", "bool": "true or false", "array": "a list", "object": "an object",
		"number": "a number"}
	field := e.Field[strings.LastIndex(e.Field, ".")+1:] // behind those of Go that it is part of
	return fmt.Sprintf("%s: want %s, not %.60s", or(field, "params"), or(wanted[e.Type.Kind()], "an object"),
		or(given[e.Value], strings.TrimPrefix(e.Value, "number ")))
}

// number is one that can be left out but not be null: whoever sends that does not mean the default.
type number[T int | uint64] struct{ is T }

// UnmarshalJSON reads a number.
func (n *number[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return &json.UnmarshalTypeError{Value: "null", Type: reflect.TypeFor[T]()}
	}
	return json.Unmarshal(text, &n.is)
}

// progress tells how far a request is.
func (c *call) progress(what string, done, total int) {
	c.out.send(map[string]any{"jsonrpc": "2.0", "method": "progress", "params": map[string]any{
		"id": c.ID, "what": what, "done": done, "total": total}})
}

// Run answers the requests of in on out until in ends, the answers can no longer be written, or ctx is done. Requests
// that were read before in ended are answered.
func (s *Server) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.out.to, s.out.broken = out, stop
	s.running = map[string]context.CancelFunc{}
	ended := make(chan error, 1)
	go func() { ended <- s.read(ctx, in) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done(): // in may never end
	}
	s.work.Wait()
	return errors.Join(err, context.Cause(ctx))
}

// read begins to answer what comes in.
func (s *Server) read(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReaderSize(in, 1<<16)
	for ctx.Err() == nil {
		line, err := readLine(lines)
		if len(bytes.TrimSpace(line)) > 0 {
			s.take(ctx, line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readLine reads a line whole, the last one also without its end.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if err == nil && line == nil {
			return part, nil
		}
		if line = append(line, part...); err != bufio.ErrBufferFull {
			return line, err
		}
		if len(line) > longest {
			return nil, fmt.Errorf("a message of more than %d bytes", longest)
		}
	}
}

// take begins to answer a message. What takes no time is answered before the next message is read: a goroutine would
// cost more.
func (s *Server) take(ctx context.Context, line []byte) {
	c := &call{out: &s.out}
	if err := json.Unmarshal(line, c); err != nil {
		id := c.ID
		if len(id) == 0 {
			id = json.RawMessage("null")
		}
		s.out.send(answer{ID: id, Error: noCall(line, err)})
		return
	}
	if c.Method == cancelling {
		s.cancel(c)
		return
	}
	if len(c.ID) == 0 { // a notification: nobody waits for an answer
		return
	}
	id := string(c.ID)
	if len(line) < quick && c.Method != "score" && c.Method != "correlate" && c.Method != "sample" {
		s.reply(ctx, c)
		return
	}
	c.Params = bytes.Clone(c.Params) // the line is read over
	ctx, end := context.WithCancel(ctx)
	s.mu.Lock()
	_, twice := s.running[id]
	if !twice {
		s.running[id] = end
	}
	s.mu.Unlock()
	if twice {
		end()
		s.out.send(answer{ID: c.ID, Error: &Error{noRequest, "a request of id " + id + " is running"}})
		return
	}
	s.work.Go(func() {
		s.reply(ctx, c)
		end()
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
	})
}

// noCall says what is wrong with a line that is no request.
func noCall(line []byte, err error) *Error {
	const want = `want a JSON object {"id", "method", "params"} in a line: `
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return &Error{notJSON, want + err.Error()}
	case bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")):
		return &Error{noRequest, "a batch of JSON-RPC is not taken: send each request in a line of its own"}
	case wrong.Field == "":
		return &Error{noRequest, want + "it is none"}
	}
	return &Error{noRequest, mistyped(wrong)}
}

// quick is the length of a message that asks for little.
const quick = 4096

// cancel ends the request that a notification names.
func (s *Server) cancel(c *call) {
	var p struct{ ID json.RawMessage }
	if json.Unmarshal(c.Params, &p) != nil {
		return
	}
	s.mu.Lock()
	end := s.running[string(p.ID)]
	s.mu.Unlock()
	if end != nil {
		end()
	}
}

// answer is that to a request.
type answer struct {
	Spec   string          `json:"jsonrpc"`
	ID     json.RawMessage `json:"id"`
	Result any             `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// reply answers a request.
func (s *Server) reply(ctx context.Context, c *call) {
	a := answer{ID: c.ID}
	result, err := s.do(ctx, c)
	switch {
	case err == nil:
		a.Result = result
	case errors.As(err, &a.Error):
	case errors.Is(err, context.Canceled):
		a.Error = &Error{cancelled, c.Method + ": cancelled"}
	default:
		a.Error = &Error{failed, c.Method + ": " + err.Error()}
	}
	s.out.send(a)
}

// do calls the method. A panic is an error of this request alone.
func (s *Server) do(ctx context.Context, c *call) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s broke: %v\n%s", c.Method, p, debug.Stack())
		}
	}()
	answer, known := methods[c.Method]
	if !known {
		var names []string
		for name := range methods {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, &Error{noMethod, fmt.Sprintf("unknown method %.40q%s", c.Method, suggest.Nearest(c.Method, names))}
	}
	return answer(s, ctx, c)
}

// writer sends messages, one after the other.
type writer struct {
	mu     sync.Mutex
	to     io.Writer
	text   bytes.Buffer
	broken context.CancelCauseFunc // the client is gone
}

func (w *writer) send(message any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a, ok := message.(answer); ok {
		a.Spec = "2.0"
		message = a
	}
	w.text.Reset()
	e := json.NewEncoder(&w.text)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil { // a number that JSON does not have
		a, _ := message.(answer)
		w.text.Reset()
		_ = e.Encode(answer{"2.0", a.ID, nil, &Error{failed, err.Error()}})
	}
	if _, err := w.to.Write(w.text.Bytes()); err != nil {
		w.broken(fmt.Errorf("an answer could not be written: %w", err))
	}
	if w.text.Cap() > 1<<20 {
		w.text = bytes.Buffer{}
	}
}

// hello says who answers, and refuses a client of another protocol.
func (s *Server) hello(_ context.Context, c *call) (any, error) {
	var p struct {
		Protocol int    `json:"protocol"`
		Client   string `json:"client"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	if p.Protocol != 0 && p.Protocol != Version {
		return nil, invalidf("%s speaks version %d of the protocol, bench301 %s version %d: install the two of one version",
			or(p.Client, "the client"), p.Protocol, s.Machine.Code, Version)
	}
	return map[string]any{"protocol": Version, "version": s.Machine.Code, "cpu": s.Machine.CPU,
		"surrogates": surrogate.BuiltIn()}, nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
