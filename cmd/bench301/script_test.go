package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rwe301/internal/oracle"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bench301": func() {
		version = cmp.Or(os.Getenv("BENCH301_TEST_VERSION"), version)
		main()
	}, "nats-server": natsServer})
}

// TestScripts runs the command lines in testdata/script: what each command promises on stdout, stderr and exit status.
// Every script has a cache folder of its own, and $SERVER is the address of a web server that answers /short with a few
// bytes, /models.zip with an archive of surrogates, and has nothing else. $MODELS is the folder of reference
// surrogates, $PORT a port that is free.
func TestScripts(t *testing.T) {
	models := filepath.Join(oracle.Root(), "testdata", "oracles", "surrogate")
	archive := modelArchive(t, models)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/models.zip" {
			http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(archive))
			return
		}
		if r.URL.Path != "/short" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "a few bytes\n")
	}))
	t.Cleanup(server.Close) // the scripts run in parallel, after this function
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitfor": waitForText},
		Setup: func(env *testscript.Env) error {
			env.Setenv("BENCH301_DATA", env.WorkDir+"/cache")
			env.Setenv("SERVER", server.URL)
			env.Setenv("MODELS", models)
			env.Setenv("PORT", freePort(t))
			env.Setenv("HTTP_PROXY", "")
			env.Setenv("COLUMNS", "1000") // so that a row is a line
			return nil
		},
	})
}

// waitForText is the command "waitfor FILE TEXT" of scripts: it waits until the file has the text.
func waitForText(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE TEXT")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && bytes.Contains(text, []byte(args[1])) {
			return
		}
	}
	ts.Fatalf("%s: still without %q after a minute", args[0], args[1])
}

// freePort is a port of this machine at which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// modelArchive packs two ensembles as NAS-Bench-301 publishes them.
func modelArchive(t *testing.T, models string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for folder, name := range map[string]string{"xgb": "nb_models/xgb_v1.0", "lgb": "nb_models/lgb_runtime_v1.0"} {
		from := filepath.Join(models, folder, "ensemble")
		files, err := filepath.Glob(filepath.Join(from, "*", "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", from, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			relative, err := filepath.Rel(from, file)
			if err != nil {
				t.Fatal(err)
			}
			w, err := archive.Create(name + "/" + filepath.ToSlash(relative))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
