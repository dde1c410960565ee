package main

import (
	"github.com/spf13/cobra"

	"rwe301/pipe"
)

func newPipe(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "pipe",
		Short: "Answer questions of another program, a line of JSON each",
		Long: `Answer requests on standard input, a JSON object a line, with a line each on standard output, until standard
input ends. The protocol is JSON-RPC 2.0; its methods are hello, surrogate, query, sample, complexity, convert, score
and correlate (docs/protocol.md). The Python package bench301 is a client.`,
		Example: `  echo '{"id": 1, "method": "query", "params": {"archs": ["DARTS_V2"]}}' | bench301 pipe
  echo '{"id": 2, "method": "score", "params": {"archs": ["DARTS_V2"], "estimators": ["macs"]}}' | bench301 pipe`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server := &pipe.Server{Machine: machine()}
			defer saving(cmd.Context())()
			return server.Run(cmd.Context(), s.in, s.out)
		},
	}
}
