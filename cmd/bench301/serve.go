package main

import (
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rwe301/bench301/surrogate"
	"rwe301/scoring"
	"rwe301/serve"
)

func newServe(s streams) *cobra.Command {
	var listen string
	var names, hosts []string
	var limits serve.Limits
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer queries over HTTP in JSON",
		Long: `Serve surrogates to programs in any language: POST /v1/query, GET /v1/surrogates, /healthz, /metrics
(Prometheus) and /openapi.yaml, which describes the rest. examples/client.py is a client that needs Python's standard
library only.

The server has no passwords: it listens on this machine only, unless --listen says otherwise. While
it does, it answers only requests that call it localhost, 127.0.0.1 or by a name of --allow-host. Bodies may be packed
by gzip. It stops on Ctrl-C or SIGTERM once the running requests are done; a second signal stops it at once.`,
		Example: `  bench301 serve
  bench301 serve --surrogate xgb=nb_models/xgb_v1.0 --surrogate runtime=nb_models/lgb_runtime_v1.0
  curl -d '{"architectures": ["DARTS_V2"]}' http://127.0.0.1:8301/v1/query`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			surrogates, err := servedSurrogates(names)
			if err != nil {
				return err
			}
			server, err := serve.New(surrogates, limits)
			if err != nil {
				return usageError{err}
			}
			if host, _, err := net.SplitHostPort(listen); err == nil {
				hosts = append(hosts, host)
			}
			server.AllowHosts(hosts...)
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			s.say("%d surrogates at http://%s", len(surrogates), l.Addr())
			if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
				s.say("other machines can reach this server; it asks nobody for a password")
			}
			defer saving(cmd.Context())()
			return server.Run(cmd.Context(), l)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8301", "address and port")
	cmd.Flags().StringArrayVar(&names, "surrogate", nil, "surrogate to serve: mini, KEY=PATH, a path or the name "+
		"of an imported one; may be repeated (default: mini, mini2, mini-runtime and all imported ones)")
	cmd.Flags().StringArrayVar(&hosts, "allow-host", nil, "also answer requests that call this server by this name; may "+
		"be repeated")
	cmd.Flags().Int64Var(&limits.Body, "max-body", 16<<20, "bytes of a request at most, unpacked")
	cmd.Flags().IntVar(&limits.Architectures, "max-architectures", 100_000, "architectures of a request at most")
	cmd.Flags().IntVar(&limits.Concurrent, "max-queries", 64, "queries at most that are answered at a time")
	cmd.Flags().DurationVar(&limits.Time, "time-limit", 30*time.Second, "time at most that answering a query takes")
	return cmd
}

// servedSurrogates opens what is to be served; the first is the default of queries.
func servedSurrogates(names []string) ([]serve.Named, error) {
	if len(names) == 0 {
		names = surrogate.BuiltIn()
		if folder, err := scoring.SurrogateFolder(); err == nil {
			installed, err := surrogate.Installed(folder)
			if err != nil {
				return nil, err
			}
			names = append(names, installed...)
		}
	}
	var out []serve.Named
	for _, name := range names {
		key, path, given := strings.Cut(name, "=")
		if !given {
			path = name
			key = strings.TrimSuffix(filepath.Base(name), surrogate.FileExt)
		}
		m, err := openSurrogate(path)
		if err != nil {
			return nil, err
		}
		out = append(out, serve.Named{Name: key, Surrogate: m})
	}
	return out, nil
}
