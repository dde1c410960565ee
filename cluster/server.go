package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"rwe301/internal/input"
	"rwe301/internal/printable"
)

// Access says how a server is reached by others, or reached.
type Access struct {
	TokenFile string // holds a secret that both sides know
	Creds     string // NATS credentials, of a server that runs already
	CA        string // certificates that the server's is checked with; "" are those of the system
	Cert, Key string // the certificate of a server of ours
}

// Server is a NATS server inside this process.
type Server struct {
	server *server.Server
	token  string
	URL    string // where workers reach it
}

// maxPayload bounds a message, in bytes.
const maxPayload = 8 << 20

// Listen starts a server with JetStream at an address, which keeps its files in dir, and empties it before. Beyond
// loopback it wants a token and a certificate.
func Listen(address, dir string, a Access) (*Server, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: must be like 127.0.0.1:4222", printable.Cut(address, 100))
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("--listen %s: the port must be a number up to 65535 (0: any that is free)",
			printable.Cut(address, 100))
	}
	if a.Creds != "" {
		return nil, errors.New("--creds: credentials of a NATS server that runs already (--nats); --listen takes " +
			"--token-file")
	}
	if (a.Cert == "") != (a.Key == "") {
		return nil, errors.New("--tls-cert and --tls-key: give both or neither")
	}
	if !loopback(host) && (a.TokenFile == "" || a.Cert == "") {
		return nil, fmt.Errorf("--listen %s: others could reach it, read the images and send scores: that wants "+
			"--token-file, --tls-cert and --tls-key", printable.Cut(address, 100))
	}
	o := &server.Options{
		ServerName: "bench301", Host: host, Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		MaxPayload: maxPayload, DisableJetStreamBanner: true,
	}
	if port == 0 {
		o.Port = server.RANDOM_PORT
	}
	s := &Server{}
	if s.token, err = a.token(); err != nil {
		return nil, err
	}
	o.Authorization = s.token
	if a.Cert != "" {
		o.TLSConfig, err = server.GenTLSConfig(&server.TLSConfigOpts{CertFile: a.Cert, KeyFile: a.Key})
		if err != nil {
			return nil, fmt.Errorf("--tls-cert %s: %w", a.Cert, err)
		}
		o.TLS = true
	}
	if port != 0 { // the server would end the process
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("--listen %s: %w", address, err)
		}
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	if err := os.RemoveAll(dir); err != nil { // what a server left that was killed: the truth is the store of the run
		return nil, err
	}
	if s.server, err = server.NewServer(o); err != nil {
		return nil, fmt.Errorf("--listen %s: %w", address, err)
	}
	heard := &listener{}
	s.server.SetLoggerV2(heard, false, false, false)
	s.server.Start()
	if !s.server.ReadyForConnections(20*time.Second) || !s.server.JetStreamEnabled() {
		s.server.Shutdown()
		return nil, fmt.Errorf("--listen %s: the server did not start: %s", address, heard.last())
	}
	scheme := "nats"
	if o.TLS {
		scheme = "tls"
	}
	s.URL = scheme + "://" + s.server.Addr().String()
	return s, nil
}

// Close stops the server.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// Connect connects from within the process.
func (s *Server) Connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(s.server), nats.Token(s.token), nats.MaxReconnects(-1),
		nats.ReconnectWait(again/4))
}

// loopback says whether an address can be reached from this machine alone.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// token reads the secret.
func (a Access) token() (string, error) {
	if a.TokenFile == "" {
		return "", nil
	}
	data, err := input.Read(a.TokenFile, 1<<16)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if len(token) < 16 || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("--token-file %s: must hold one word of at least 16 characters", a.TokenFile)
	}
	return token, nil
}

// Dial connects to a server that runs already. Where patient, it goes on until there is one; say, unless nil, hears
// when the connection is lost and when it is back.
func Dial(ctx context.Context, address string, a Access, patient bool,
	say func(format string, args ...any)) (*nats.Conn, error) {
	if say == nil {
		say = func(string, ...any) {}
	}
	if !strings.Contains(address, "://") {
		address = "nats://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
		return nil, fmt.Errorf("%s: no address of a NATS server: must be like nats://host:4222",
			printable.Cut(address, 100))
	}
	shown := u.Redacted()
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	var heard sync.Map // what the server complained of
	options := []nats.Option{
		nats.MaxReconnects(-1), nats.ReconnectWait(again), nats.Timeout(10 * time.Second),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2), // a network that is gone says nothing
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				say("%s: connection lost: %v; trying again", shown, err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { say("%s: connected again", shown) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if !errors.Is(err, nats.ErrPermissionViolation) {
				return
			}
			text := printable.Cut(err.Error(), 300)
			if _, known := heard.LoadOrStore(text, true); !known {
				say("%s: %s", shown, text)
			}
		}),
	}
	if token != "" {
		options = append(options, nats.Token(token))
	}
	if a.Creds != "" {
		if _, err := os.Stat(a.Creds); err != nil {
			return nil, fmt.Errorf("--creds: %w", err)
		}
		options = append(options, nats.UserCredentials(a.Creds))
	}
	if a.CA != "" {
		options = append(options, nats.RootCAs(a.CA))
	}
	nc, err := nats.Connect(address, options...)
	if patient && err != nil && !refused(err) {
		say("%s: nobody answers yet (%v); trying again", shown, err)
	}
	for patient && err != nil && !refused(err) {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(again):
		}
		nc, err = nats.Connect(address, options...)
	}
	switch {
	case refused(err):
		return nil, fmt.Errorf("%s: refused the credentials: --token-file must hold the server's token, or --creds its "+
			"credentials: %w", shown, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s: what answers there is no NATS server: %w", shown, err)
	case errors.Is(err, nats.ErrNoServers):
		return nil, fmt.Errorf("%s: no NATS server answers there", shown)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	return nc, nil
}

// closed says why a connection is closed.
func closed(nc *nats.Conn) error {
	if err := nc.LastError(); err != nil {
		return fmt.Errorf("the connection to the server is closed: %w", err)
	}
	return errors.New("the connection to the server is closed")
}

// again is how long a lost connection waits before it is tried again.
const again = time.Second

// refused says that a server does not know the credentials.
func refused(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired)
}
