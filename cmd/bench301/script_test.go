package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"bench301": main}) }

// TestScripts runs the command lines in testdata/script: what each command promises on stdout, stderr and exit status.
// Every script has a cache folder of its own, and $SERVER is the address of a web server that answers /short with a few
// bytes and has nothing else.
func TestScripts(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/short" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "a few bytes\n")
	}))
	t.Cleanup(server.Close) // the scripts run in parallel, after this function
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("BENCH301_DATA", env.WorkDir+"/cache")
			env.Setenv("SERVER", server.URL)
			env.Setenv("HTTP_PROXY", "")
			return nil
		},
	})
}
