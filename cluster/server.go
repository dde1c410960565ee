package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"rwe301/internal/printable"
)

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
// loopback it wants a token and a certificate.
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
