package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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

// CheckListen says why Listen could not start a server, without starting one.
func CheckListen(address string, a Access) error {
	if _, _, err := a.listening(address); err != nil {
		return err
	}
	if _, err := a.token(); err != nil {
		return err
	}
	if a.Cert != "" {
		pair, err := tls.LoadX509KeyPair(a.Cert, a.Key)
		if err == nil && pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
			err = fmt.Errorf("it has expired on %s", pair.Leaf.NotAfter.Format(time.DateTime))
		}
		if err != nil {
			return fmt.Errorf("--tls-cert %s, --tls-key %s: %w", a.Cert, a.Key, err)
		}
	}
	return vacant(address)
}

// vacant says why nobody can listen at an address.
func vacant(address string) error {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--listen %s: another program listens there: choose another port, or 0 for any", address)
	case err != nil:
		return fmt.Errorf("--listen %s: %w", address, err)
	}
	return l.Close()
}

// listening is what an address to listen at consists of, if others may reach it.
func (a Access) listening(address string) (host string, port int, err error) {
	shown := printable.Cut(address, 100)
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("--listen %s: must be like 127.0.0.1:4222", shown)
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("--listen %s: the port must be a number up to 65535 (0: any that is free)", shown)
	}
	if a.Creds != "" {
		return "", 0, errors.New("--creds: credentials of a NATS server that runs already (--nats); --listen takes " +
			"--token-file")
	}
	if (a.Cert == "") != (a.Key == "") {
		return "", 0, errors.New("--tls-cert and --tls-key: give both or neither")
	}
	if !loopback(host) && (a.TokenFile == "" || a.Cert == "") {
		return "", 0, fmt.Errorf("--listen %s: others could reach it, read the images and send scores: that wants "+
			"--token-file, --tls-cert and --tls-key", shown)
	}
	return host, port, nil
}

// Listen starts a server with JetStream at an address, which keeps its files in dir, and empties it before. Beyond
// loopback it wants a token
// and a certificate.
func Listen(address, dir string, a Access) (*Server, error) {
	host, port, err := a.listening(address)
	if err != nil {
		return nil, err
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
		if err := vacant(address); err != nil {
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
	s.URL = scheme + "://" + net.JoinHostPort(a.reached(host), strconv.Itoa(s.server.Addr().(*net.TCPAddr).Port))
	return s, nil
}

// reached is the name under which others reach a host that listens at an address: for all addresses that in the
// certificate, or else that of the machine.
func (a Access) reached(host string) string {
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return host
	}
	if pair, err := tls.LoadX509KeyPair(a.Cert, a.Key); err == nil && pair.Leaf != nil {
		for _, name := range pair.Leaf.DNSNames {
			if !strings.Contains(name, "*") {
				return name
			}
		}
		for _, ip := range pair.Leaf.IPAddresses {
			return ip.String()
		}
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return host
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

// CheckServer says why a server that runs already is of no use to a run.
func CheckServer(ctx context.Context, address string, a Access) error {
	nc, err := Dial(ctx, address, a, false, nil)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = hasJetStream(ctx, js)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", Shown(address), err)
	}
	return nil
}

// hasJetStream says why a server has no JetStream for us.
func hasJetStream(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.AccountInfo(ctx)
	return explained(err)
}

// explained is an error of JetStream with what would be right.
func explained(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("the server has no room for the run: raise the limits of its JetStream, or remove streams: %w", err)
	case errors.As(err, &api) && api.ErrorCode == 10065:
		return fmt.Errorf("the server has a stream that takes the subjects bench301.> already: use another account or "+
			"server, or remove that stream: %w", err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return errors.New("the server has no JetStream: start it with jetstream in its configuration, or nats-server -js")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("the server has no JetStream for this account: its configuration has to enable it")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("its JetStream does not answer: the user may lack the permissions that docs/clusters.md lists: %w",
			err)
	}
	return fmt.Errorf("its JetStream: %w", err)
}

// withScheme is an address with nats:// before it where it has no scheme.
func withScheme(address string) string {
	if strings.Contains(address, "://") {
		return address
	}
	return "nats://" + address
}

// Shown is the address of a server without what is secret in it.
func Shown(address string) string {
	u, err := url.Parse(withScheme(address))
	if err != nil {
		return "the server"
	}
	if u.User != nil {
		u.User = url.User("xxxxx") // a user alone is a token
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// Dial connects to a server that runs already. Where patient, it goes on until there is one; say, unless nil, hears
// when the connection is lost and when it is back.
func Dial(ctx context.Context, address string, a Access, patient bool,
	say func(format string, args ...any)) (*nats.Conn, error) {
	if say == nil {
		say = func(string, ...any) {}
	}
	address = withScheme(address)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
		return nil, fmt.Errorf("%s: no address of a NATS server: must be like nats://host:4222",
			printable.Cut(Shown(address), 100))
	}
	shown := Shown(address)
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
		text, err := input.Read(a.CA, 1<<24)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s: holds no certificate in PEM", a.CA)
		}
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		options = append(options, nats.RootCAs(a.CA))
	}
	nc, err := nats.Connect(address, options...)
	if patient && err != nil && lasting(err) == "" {
		say("%s: nobody answers yet (%v); trying again", shown, err)
	}
	for patient && err != nil && lasting(err) == "" {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(again):
		}
		nc, err = nats.Connect(address, options...)
	}
	switch {
	case err == nil:
		return nc, nil
	case lasting(err) != "":
		return nil, fmt.Errorf("%s: %s: %w", shown, lasting(err), err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s: what answers there is no NATS server: %w", shown, err)
	case errors.Is(err, nats.ErrNoServers):
		return nil, fmt.Errorf("%s: no NATS server answers there", shown)
	}
	return nil, fmt.Errorf("%s: %w", shown, err)
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

// lasting says what is wrong with a connection that trying again does not mend, "" for anything else.
func lasting(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		err != nil && strings.Contains(strings.ToLower(err.Error()), "authorization violation"):
		return "refused the credentials: --token-file must hold the server's token, or --creds its credentials"
	case errors.As(err, &unknown):
		return "its certificate was signed by nobody known here: --tls-ca names the file of who signed it"
	case errors.As(err, &name):
		return "its certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or is not valid yet by the clock of this machine"
	case errors.As(err, &invalid):
		return "its certificate is not valid"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return "the server has no TLS: nats:// instead of tls:// goes without, for everybody on the way to read"
	}
	return ""
}

// Warnings say what is unwise about the files of credentials.
func (a Access) Warnings() (list []string) {
	if runtime.GOOS == "windows" {
		return nil
	}
	for _, f := range []struct{ flag, path string }{
		{"--token-file", a.TokenFile}, {"--creds", a.Creds}, {"--tls-key", a.Key},
	} {
		if info, err := os.Stat(f.path); err == nil && info.Mode().IsRegular() && info.Mode()&0o077 != 0 {
			list = append(list, fmt.Sprintf("%s %s: other users of this machine can read it: chmod 600 %[2]s", f.flag, f.path))
		}
	}
	return list
}
