package serve

import (
	"context"
	_ "embed" // the description of the interface
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"rwe301/bench301/surrogate"
)

//go:embed openapi.yaml
var openAPI []byte

// Limits bound what requests may ask for. A zero field means the default.
type Limits struct {
	Body          int64         // bytes of a request; 16 MB
	Architectures int           // of a request; 100 000
	Concurrent    int           // queries at a time; 64
	Time          time.Duration // of a query; 30 s
}

func (l Limits) orDefault() (Limits, error) {
	if l.Body < 0 || l.Architectures < 0 || l.Concurrent < 0 || l.Time < 0 {
		return l, fmt.Errorf("limits %+v: want numbers from 1", l)
	}
	if l.Body == 0 {
		l.Body = 16 << 20
	}
	if l.Architectures == 0 {
		l.Architectures = 100_000
	}
	if l.Concurrent == 0 {
		l.Concurrent = 64
	}
	if l.Time == 0 {
		l.Time = 30 * time.Second
	}
	return l, nil
}

// Named is a surrogate under the name that requests use.
type Named struct {
	Name string
	surrogate.Surrogate
}

// Server answers queries. It is safe for concurrent use.
type Server struct {
	surrogates []Named // the first one that predicts accuracies is asked when a request names none
	fallback   string
	limits     Limits
	busy       chan struct{} // a token a query that is answered
	cores      chan struct{} // a token a core
	running    atomic.Int64  // queries whose body is read, or that are answered
	held       atomic.Int64  // architectures in memory, of large requests
	hosts      []string      // names that requests may call the server by; nil allows any
	stopping   atomic.Bool
	metrics    *metrics.Set
	mux        *http.ServeMux
}

// New makes a server of surrogates with different names, at least one of which predicts accuracies.
func New(surrogates []Named, limits Limits) (*Server, error) {
	limits, err := limits.orDefault()
	if err != nil {
		return nil, err
	}
	s := &Server{surrogates: surrogates, limits: limits, metrics: metrics.NewSet(), mux: http.NewServeMux()}
	s.busy, s.cores = make(chan struct{}, s.limits.Concurrent), make(chan struct{}, cores())
	seen := map[string]bool{}
	for _, n := range surrogates {
		if n.Name == "" || seen[n.Name] {
			return nil, fmt.Errorf("surrogate %q: names must differ and not be empty", n.Name)
		}
		seen[n.Name] = true
		if s.fallback == "" && n.Info().Unit != surrogate.Seconds {
			s.fallback = n.Name
		}
	}
	if s.fallback == "" {
		return nil, errors.New("no surrogate that predicts accuracies")
	}
	s.metrics.NewGauge("bench301_queries_running", func() float64 { return float64(len(s.busy)) })
	for path, m := range map[string]struct {
		method string
		handle http.HandlerFunc
	}{
		"/v1/query":      {http.MethodPost, s.query},
		"/v1/surrogates": {http.MethodGet, s.list},
		"/healthz":       {http.MethodGet, s.health},
		"/metrics":       {http.MethodGet, s.prometheus},
		"/openapi.yaml":  {http.MethodGet, s.openAPI},
	} {
		s.mux.Handle(path, s.observed(path, m.method, m.handle))
	}
	s.mux.Handle("/", s.observed("other", "", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, fmt.Errorf("%.80s: no such path: see /openapi.yaml", r.URL.Path))
	}))
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// AllowHosts sets the names, besides those of this machine itself, that requests may call the server by when it listens
// on a loopback address.
func (s *Server) AllowHosts(names ...string) {
	s.hosts = []string{"localhost"}
	for _, name := range names {
		s.hosts = append(s.hosts, strings.ToLower(name))
	}
}

// invited says whether a request calls the server by a name of its own. A page of another site whose name was made to
// lead to this machine does not.
func (s *Server) invited(host string) bool {
	if s.hosts == nil || host == "" {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback() || slices.Contains(s.hosts, name)
}

// hold counts architectures in memory, as long as there are not too many.
func (s *Server) hold(n int) bool {
	if s.held.Add(int64(n)) <= int64(s.limits.Concurrent)*int64(s.limits.Architectures) || n < 0 {
		return true
	}
	s.held.Add(int64(-n))
	return false
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	sent   bool // of the body, something
}

// Unwrap lets a response controller set the deadlines of the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) Write(b []byte) (int, error) {
	r.sent = true
	return r.ResponseWriter.Write(b)
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// observed counts and times requests, refuses other methods, and answers when a handler panics.
func (s *Server) observed(path, method string, handle http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			p, begun := recover(), rec.sent
			if p != nil && p != http.ErrAbortHandler {
				s.metrics.GetOrCreateCounter("bench301_panics_total").Inc()
				if !begun {
					fail(rec, http.StatusInternalServerError, errors.New("a fault of the server"))
				}
			}
			s.metrics.GetOrCreateCounter(fmt.Sprintf(`bench301_requests_total{path=%q,code="%d"}`, path, rec.status)).Inc()
			seconds := s.metrics.GetOrCreateHistogram(fmt.Sprintf(`bench301_request_seconds{path=%q}`, path))
			seconds.Update(time.Since(start).Seconds())
			if p != nil && begun {
				panic(http.ErrAbortHandler) // breaks the connection off
			}
		}()
		if !s.invited(r.Host) {
			fail(rec, http.StatusForbidden, fmt.Errorf("host %.80q: this server is for programs of its own machine, which "+
				"call it localhost or 127.0.0.1 (--allow-host allows another name)", r.Host))
			return
		}
		head := r.Method == http.MethodHead && method == http.MethodGet
		if method != "" && r.Method != method && !head {
			rec.Header().Set("Allow", method)
			fail(rec, http.StatusMethodNotAllowed, fmt.Errorf("%.20s: want %s", r.Method, method))
			return
		}
		handle(rec, r)
	})
}

// health answers whether the server takes requests.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() {
		fail(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// prometheus sends the counters in Prometheus' text format.
func (s *Server) prometheus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.metrics.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI)
}

// find returns the surrogate of a name.
func (s *Server) find(name string) (surrogate.Surrogate, error) {
	i := slices.IndexFunc(s.surrogates, func(n Named) bool { return n.Name == name })
	if i < 0 {
		names := make([]string, len(s.surrogates))
		for k, n := range s.surrogates {
			names[k] = n.Name
		}
		return nil, fmt.Errorf("%.80q: the server has %s", name, strings.Join(names, ", "))
	}
	return s.surrogates[i].Surrogate, nil
}

// grace is how long running requests may go on when the server stops: many large ones share the cores.
const grace = 10 * time.Minute

// Run serves on a listener until the context ends. Running requests then finish; new ones are refused.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	if a, ok := l.Addr().(*net.TCPAddr); ok && a.IP.IsLoopback() && s.hosts == nil {
		s.AllowHosts()
	} else if ok && !a.IP.IsLoopback() {
		s.hosts = nil // it is meant to be reached from elsewhere
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       bodyTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	last, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	for s.running.Load() > 0 && last.Err() == nil { // others are still told so
		time.Sleep(20 * time.Millisecond)
	}
	if err := server.Shutdown(last); err != nil {
		server.Close()
		return fmt.Errorf("requests were still running after %s: %w", grace, err)
	}
	return nil
}
