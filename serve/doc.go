// Package serve answers queries to surrogates over HTTP in JSON, for programs that are not written in Go.
//
// [New] makes a [Server] of loaded surrogates; it is an [net/http.Handler], and [Server.Run] serves a listener until
// its context ends, letting requests in progress finish:
//
//	s, err := serve.New([]serve.Named{{"mini", surrogate.NewMini()}}, serve.Limits{})
//	...
//	err = s.Run(ctx, listener)
//
// The interface is described in openapi.yaml, which the server also sends. Sizes, numbers and times of requests are
// limited by [Limits]; whatever is wrong with a request is answered with a status of 4xx and a reason.
package serve
