package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

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

// again is how long a lost connection waits before it is tried again.
const again = time.Second

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
