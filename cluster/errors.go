package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

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

// closed says why a connection is closed.
func closed(nc *nats.Conn) error {
	if err := nc.LastError(); err != nil {
		return fmt.Errorf("the connection to the server is closed: %w", err)
	}
	return errors.New("the connection to the server is closed")
}

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

// isFull says whether a server has no room: resources, memory and storage of its own, of the account or of a stream.
func isFull(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && slices.Contains([]jetstream.ErrorCode{10023, 10028, 10047, 10077}, api.ErrorCode)
}
