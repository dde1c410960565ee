// Package serve answers queries to surrogates over HTTP in JSON, for programs that are not written in Go.
//
// The interface is described in openapi.yaml, which the server also sends. Sizes, numbers and times of requests are
// limited; whatever is wrong with a request is answered with a status of 4xx and a reason.
package serve
