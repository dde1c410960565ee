package pipe

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/scoring"
	"rwe301/store"
)

// client talks to a server.
type client struct {
	testing.TB
	to    io.WriteCloser
	lines chan string
	ended chan error
	last  int
}

// begin starts a server that ends with the test.
func begin(tb testing.TB) *client {
	in, to := io.Pipe()
	from, out := io.Pipe()
	c := &client{TB: tb, to: to, lines: make(chan string, 1000), ended: make(chan error, 1)}
	server := &Server{Machine: scoring.Machine{Code: "v1", CPU: "abacus"}}
	go func() {
		c.ended <- server.Run(context.Background(), in, out)
		out.Close()
	}()
	go func() { // whoever asks also listens
		in := bufio.NewReader(from)
		for line, err := in.ReadString('\n'); err == nil; line, err = in.ReadString('\n') {
			c.lines <- line
		}
		close(c.lines)
	}()
	tb.Cleanup(func() { to.Close() })
	return c
}

// send sends a line.
func (c *client) send(line string) {
	if _, err := io.WriteString(c.to, line+"\n"); err != nil {
		c.Error(err)
	}
}

// message is a line of the server.
type message struct {
	ID     json.RawMessage
	Result json.RawMessage
	Error  *Error
	Method string
	Params json.RawMessage
}

// receive reads the next message.
func (c *client) receive() (m message) {
	line, more := <-c.lines
	if !more {
		c.Fatal("no answer")
	}
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		c.Fatalf("%v in %q", err, line)
	}
	return m
}

// ask returns the answer to a request.
func (c *client) ask(method, params string) message {
	c.last++
	id := fmt.Sprint(c.last)
	c.send(`{"id": ` + id + `, "method": "` + method + `", "params": ` + strings.ReplaceAll(params, "\n", " ") + `}`)
	for {
		if m := c.receive(); string(m.ID) == id {
			return m
		}
	}
}

// answered is the result of a request that has one.
func answered[T any](c *client, method, params string) (result T) {
	m := c.ask(method, params)
	if m.Error != nil {
		c.Fatalf("%s %s: %v", method, params, m.Error)
	}
	if err := json.Unmarshal(m.Result, &result); err != nil {
		c.Fatalf("%s: %v in %s", method, err, m.Result)
	}
	return result
}

// TestQuery compares what a request gets with what the surrogate says, in every way of writing an architecture.
func TestQuery(t *testing.T) {
	c := begin(t)
	known, _ := bench301.KnownNetwork(bench301.DARTS{}, "DARTS_V2")
	want := surrogate.NewMini().Predict(known.Architecture.(bench301.Genotype))
	g := known.Architecture.(bench301.Genotype)
	requests := []string{`"archs": ["darts_v2"]`}
	for _, n := range (bench301.DARTS{}).Notations() {
		text, err := (bench301.DARTS{}).Format(g, n)
		if err != nil {
			t.Fatal(err)
		}
		quoted, _ := json.Marshal(text)
		requests = append(requests, fmt.Sprintf(`"notation": %q, "archs": [%s]`, n, quoted))
		if json.Valid([]byte(text)) { // not only a text that holds it
			requests = append(requests, fmt.Sprintf(`"notation": %q, "archs": [%s]`, n, text))
		}
	}
	for _, r := range requests {
		got := answered[prediction](c, "query", `{"members": true, "noise_seed": 3, `+r+`}`)
		if got.ID[0] != g.ID() || got.Arch[0] != g.String() || got.Value[0] != want.Mean || got.Std[0] != want.Std ||
			got.InRange[0] != want.InRange || got.Noisy[0] != want.Noisy(g, 3) || !slices.Equal(got.Members[0], want.Members) {
			t.Errorf("%s: got %+v", r, got)
		}
	}
	got := answered[prediction](c, "query", `{"archs": ["DARTS_V2"]}`)
	if got.Unit != "percent" || got.Surrogate != surrogate.NewMini().Info().Name {
		t.Errorf("by %q in %q", got.Surrogate, got.Unit)
	}
	if seconds := answered[prediction](c, "query", `{"surrogate": "mini-runtime", "archs": ["DARTS_V2"]}`); seconds.Unit !=
		"seconds" {
		t.Errorf("mini-runtime: unit %q", seconds.Unit)
	}
}

// TestLongQuery is about more architectures than one core answers: none may change its place.
func TestLongQuery(t *testing.T) {
	c := begin(t)
	var archs []string
	if err := json.Unmarshal([]byte(drawn(t, 3*few+1)), &archs); err != nil {
		t.Fatal(err)
	}
	got := answered[prediction](c, "query", `{"archs": `+drawn(t, len(archs))+`}`)
	if !slices.Equal(got.Arch, archs) {
		t.Error("architectures changed their places")
	}
	mini := surrogate.NewMini()
	for i, text := range archs {
		g, _, err := bench301.ParseGenotype(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Value[i] != mini.Predict(g).Mean || got.ID[i] != g.ID() {
			t.Fatalf("archs[%d]: %v by %s", i, got.Value[i], got.ID[i])
		}
	}
	m := c.ask("query", `{"archs": `+strings.Replace(drawn(t, 3*few+1), archs[2*few], "[[", 1)+`}`)
	if m.Error == nil || !strings.HasPrefix(m.Error.Message, fmt.Sprintf("archs[%d]: ", 2*few)) {
		t.Errorf("one is none: %v", m.Error)
	}
}

// TestSampleConvertComplexity asks what commands of these names print.
func TestSampleConvertComplexity(t *testing.T) {
	c := begin(t)
	drew := answered[columns](c, "sample", `{"n": 3, "seed": 301}`)
	var want []string
	if err := json.Unmarshal([]byte(drawn(t, 3)), &want); err != nil || !slices.Equal(drew.Arch, want) {
		t.Errorf("sample: %v, want %v (%v)", drew.Arch, want, err)
	}
	other := answered[columns](c, "sample", `{"n": 2, "space": "nasbench201"}`)
	if len(other.Arch) != 2 || !strings.HasPrefix(other.Arch[0], "|") {
		t.Errorf("sample of nasbench201: %v", other.Arch)
	}
	texts := answered[struct{ Text []string }](c, "convert", `{"archs": ["DARTS_V2"], "to": "genotype"}`).Text
	back := answered[columns](c, "convert", fmt.Sprintf(`{"archs": [%q]}`, texts[0]))
	if back.ID[0] != "b149d8919d89ab39" {
		t.Errorf("convert there and back: %s", back.ID[0])
	}
	cfg := bench301.DefaultConfig()
	cfg.Channels, cfg.Layers, cfg.Variant, cfg.Auxiliary = 36, 20, bench301.VariantDARTS, true
	known, _ := bench301.KnownNetwork(bench301.DARTS{}, "DARTS_V2")
	counted, err := known.Architecture.Complexity(cfg)
	if err != nil {
		t.Fatal(err)
	}
	counts := answered[struct{ Params, MACs, FLOPs []int64 }](c, "complexity", `{"archs": ["DARTS_V2"], "channels": 36,
		"layers": 20, "variant": "darts", "auxiliary": true}`)
	if counts.Params[0] != counted.Params || counts.MACs[0] != counted.MACs || counts.FLOPs[0] != counted.FLOPs {
		t.Errorf("complexity of DARTS_V2: %+v, want %+v", counts, counted)
	}
}

// TestScore compares scores with those of a runner, and takes up a file again.
func TestScore(t *testing.T) {
	c := begin(t)
	out := filepath.Join(t.TempDir(), "s.jsonl")
	quoted, _ := json.Marshal(out)
	type scores struct {
		Scores []scored
		Notes  []string
	}
	ask := `{"archs": ["DARTS_V2", "DARTS_V1"], "estimators": ["params", "depth", "l2_norm:channels=4"], "seeds": [0, 1],
		"out": ` + string(quoted) + `}`
	first := answered[scores](c, "score", ask)
	if len(first.Scores) != 12 || len(first.Notes) != 0 {
		t.Fatalf("%d scores, notes %v", len(first.Scores), first.Notes)
	}
	for i, s := range first.Scores { // architecture by architecture, seed by seed
		label := []string{"params", "depth", "l2_norm:channels=4"}[i%3]
		if s.Label != label || s.Seed != uint64(i/3%2) || s.Status != store.OK || s.Code != "v1" {
			t.Errorf("score %d: %s seed %d: %+v", i, s.Label, s.Seed, s.Record)
		}
	}
	if *first.Scores[0].Score != 909866 || *first.Scores[2].Score == *first.Scores[5].Score {
		t.Errorf("params %v; l2_norm under two seeds %v %v", *first.Scores[0].Score, *first.Scores[2].Score,
			*first.Scores[5].Score)
	}
	again := answered[scores](c, "score", ask)
	for i, s := range again.Scores {
		if s.Seconds != first.Scores[i].Seconds {
			t.Errorf("score %d was made again", i)
		}
	}
}

// TestCorrelate checks the direction of scores, and what is left out.
func TestCorrelate(t *testing.T) {
	c := begin(t)
	type table struct {
		Rows  []map[string]any
		Title string
	}
	got := answered[table](c, "correlate", `{"accuracies": [1, 2, 3, 4, 5, 6, null], "truth": "mine", "resamples": 50, "scores": [
		{"estimator": "up", "values": [1, 2, 3, 4, 5, 6, 7]},
		{"estimator": "loss", "lower": true, "values": [6, 5, 4, 3, 2, 1, 0]},
		{"estimator": "holes", "values": [1, null, 3, 4, 5, 7, 6]}]}`)
	want := []struct {
		name string
		n    float64
	}{{"up", 6}, {"loss", 6}, {"holes", 5}}
	for i, w := range want {
		if r := got.Rows[i]; r["estimator"] != w.name || r["n"] != w.n || r["tau_b"] != 1.0 {
			t.Errorf("row %d: %v", i, r)
		}
	}
	if !strings.Contains(got.Title, "accuracy by mine") {
		t.Errorf("title %q", got.Title)
	}
	flat := answered[table](c, "correlate", `{"accuracies": [1, 2, 3, 4, 5], "scores": [{"estimator": "flat",
		"values": [1, 1, 1, 1, 1]}]}`)
	if flat.Rows[0]["tau_b"] != nil {
		t.Errorf("a constant score: %v", flat.Rows[0])
	}
}

// TestErrors lists mistakes and the sentences that answer them.
func TestErrors(t *testing.T) {
	for _, e := range []struct{ method, params, want string }{
		{"qery", `{}`, `-32601 unknown method "qery" (did you mean query?)`},
		{"query", `{"arch": ["DARTS_V2"]}`, `-32602 query: params: unknown field "arch"`},
		{"query", `{}`, `-32602 archs is missing: want a list of architectures`},
		{"query", `{"archs": "DARTS_V2"}`, `-32602 archs: want a list, not a text`},
		{"query", `{"archs": ["DARTS_V9"]}`, `-32602 archs[0]: DARTS_V9 is no architecture in a known notation`},
		{"query", `{"archs": ["DARTS_V2", null]}`, `-32602 archs[1]: `},
		{"query", `{"archs": ["DARTS_V2"], "surrogate": "nowhere"}`, `-32602 surrogate "nowhere": neither a file nor`},
		{"query", `{"archs": ["|avg_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"], "space": "nasbench201"}`,
			`-32602 archs[0], of the space nasbench201: `},
		{"query", `{"archs": [], "notation": "morse"}`, `-32602 `},
		{"query", `{"archs": [], "space": "dart"}`, `-32602 `},
		{"query", `{"archs": ["DARTS_V2", "|avg_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"]}`,
			`-32602 archs[1]: an architecture of the space nasbench201, where one of darts should stand`},
		{"query", `{"archs": [], "noise_seed": 1.5}`, `-32602 noise_seed: want a whole number from 0 to 2^64-1, not 1.5`},
		{"query", `{"archs": [], "members": "yes"}`, `-32602 members: want true or false, not a text`},
		{"query", `{"archs": {}}`, `-32602 archs: want a list, not an object`},
		{"query", `[]`, `-32602 params: want an object, not a list`},
		{"sample", `{"n": -1}`, `-32602 n: -1: must not be negative`},
		{"sample", `{"n": "3"}`, `-32602 n: want a whole number, not a text`},
		{"sample", `{"n": 2.0}`, `-32602 n: want a whole number, not 2.0`},
		{"sample", `{"n": null}`, `-32602 n: want a whole number, not null`},
		{"sample", `{"seed": -1}`, `-32602 seed: want a whole number from 0 to 2^64-1, not -1`},
		{"sample", `{"seed": null}`, `-32602 seed: want a whole number from 0 to 2^64-1, not null`},
		{"score", `{"archs": ["DARTS_V2"], "estimators": ["params"], "seeds": [1, null]}`,
			`-32602 seeds: want a whole number from 0 to 2^64-1, not null`},
		{"correlate", `{"accuracies": ["a"], "scores": []}`, `-32602 accuracies: want a number, not a text`},
		{"correlate", `{"accuracies": [1], "scores": [{"values": {}}]}`, `-32602 values: want a list, not an object`},
		{"complexity", `{"archs": ["DARTS_V2"], "channels": -4}`, `-32602 `},
		{"convert", `{"archs": ["DARTS_V2"], "to": "genotyp"}`, `-32602 `},
		{"score", `{"archs": ["DARTS_V2"]}`, `-32602 estimators: name one at least, such as params or rwe`},
		{"score", `{"archs": ["DARTS_V2"], "estimators": ["parms"]}`, `-32602 unknown estimator "parms" (did you mean params?)`},
		{"score", `{"archs": ["DARTS_V2"], "estimators": ["params", "params"]}`, `-32602 params is asked for twice`},
		{"score", `{"archs": ["DARTS_V2"], "estimators": ["params"], "seeds": [1, 1]}`, `-32602 seeds: 1 stands twice`},
		{"score", `{"archs": ["DARTS_V2"], "estimators": ["rwe"], "data": "/nowhere"}`, `1 score: `},
		{"correlate", `{"accuracies": [1, 2], "scores": [{"estimator": "a", "values": [1]}]}`,
			`-32602 a: 1 scores, and 2 accuracies`},
		{"correlate", `{"accuracies": [1, 2], "scores": []}`, `-32602 scores: want those of one estimator at least`},
		{"correlate", `{"accuracies": [1], "table": "esimators", "scores": []}`,
			`-32602 table "esimators": unknown (did you mean estimators?)`},
		{"hello", `{"protocol": 2, "client": "abc"}`,
			`-32602 abc speaks version 2 of the protocol, bench301 v1 version 1: install the two of one version`},
	} {
		c := begin(t)
		m := c.ask(e.method, e.params)
		if m.Error == nil || !strings.HasPrefix(fmt.Sprint(m.Error.Code, " ", m.Error.Message), e.want) {
			t.Errorf("%s %s: %+v, want %s", e.method, e.params, m.Error, e.want)
		}
		if c.ask("hello", "{}").Error != nil {
			t.Errorf("%s %s: the server did not go on", e.method, e.params)
		}
	}
}

// TestMessages are lines that are no requests, after which the server goes on.
func TestMessages(t *testing.T) {
	c := begin(t)
	for _, e := range []struct{ line, id, want string }{
		{"x", "null", "-32700 want a JSON object"},
		{`{"id": 1, "method": "hello"`, "null", "-32700 want a JSON object"},
		{"\x00\xff", "null", "-32700 want a JSON object"},
		{`[{"id": 1, "method": "hello"}]`, "null", "-32600 a batch of JSON-RPC is not taken: send each request in a line"},
		{`3`, "null", "-32600 want a JSON object"},
		{`{"id": 1, "method": 3}`, "1", "-32600 method: want a text, not a number"},
		{`{"id": 1}`, "1", `-32601 unknown method ""`},
		{`{"id": {"a": [1.0]}, "method": "hello", "params": [3]}`, `{"a":[1.0]}`, "-32602 params: want an object, not a list"},
	} {
		c.send(e.line)
		m := c.receive()
		if m.Error == nil || !strings.HasPrefix(fmt.Sprint(m.Error.Code, " ", m.Error.Message), e.want) || string(m.ID) != e.id {
			t.Errorf("%s: %+v of id %s, want %s", e.line, m.Error, m.ID, e.want)
		}
	}
	c.send("")
	c.send(`{"method": "query"}`)
	c.send(`{"method": "cancel", "params": {"id": 77}}`)
	if m := c.ask("hello", `{"protocol": 1}`); m.Error != nil {
		t.Error(m.Error)
	}
	c.send(`{"id": "a b", "method": "sample", "params": {"n": 1}}`)
	if m := c.receive(); string(m.ID) != `"a b"` {
		t.Errorf("id %s", m.ID)
	}
}

// TestCancel ends a request that would take minutes, while others are answered.
func TestCancel(t *testing.T) {
	c := begin(t)
	c.send(`{"id": "long", "method": "score", "params": {"archs": ["DARTS_V2"], "estimators": ["rwe:epochs=100000"]}}`)
	if m := c.ask("query", `{"archs": ["DARTS_V2"]}`); m.Error != nil {
		t.Error(m.Error)
	}
	if m := c.receive(); m.Method != "progress" || !strings.Contains(string(m.Params), `"id":"long"`) {
		t.Errorf("%+v: want progress", m)
	}
	c.send(`{"id": "long", "method": "sample", "params": {"n": 1}}`)
	c.send(`{"method": "cancel", "params": {"id": "long"}}`)
	var codes []int
	for len(codes) < 2 {
		if m := c.receive(); m.Error != nil {
			codes = append(codes, m.Error.Code)
		}
	}
	if slices.Sort(codes); !slices.Equal(codes, []int{noRequest, cancelled}) {
		t.Errorf("codes %v", codes)
	}
}

// TestEnd answers what was asked before the end of input, and ends.
func TestEnd(t *testing.T) {
	c := begin(t)
	go func() {
		c.send(`{"id": 1, "method": "score", "params": {"archs": ["DARTS_V2"], "estimators": ["l2_norm"]}}`)
		c.to.Close()
	}()
	for m := c.receive(); m.Result == nil; m = c.receive() {
		if m.Error != nil {
			t.Fatal(m.Error)
		}
	}
	select {
	case err := <-c.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

// TestSpaceOfArchitectures takes the space of the first architecture where none is named.
func TestSpaceOfArchitectures(t *testing.T) {
	c := begin(t)
	const cell = `"|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"`
	named := answered[columns](c, "complexity", `{"space": "nasbench201", "archs": [`+cell+`]}`)
	if got := answered[columns](c, "complexity", `{"archs": [`+cell+`]}`); !slices.Equal(got.ID, named.ID) {
		t.Errorf("ids %v, want %v", got.ID, named.ID)
	}
	table := answered[struct{ Rows []map[string]any }](c, "correlate", `{"accuracies": [1], "archs": [`+cell+`],
		"scores": [{"estimator": "mine", "values": [1]}]}`)
	if len(table.Rows) != 1 {
		t.Errorf("rows %v", table.Rows)
	}
}

// TestSurrogateThatChanges reads a surrogate again when its file is another one.
func TestSurrogateThatChanges(t *testing.T) {
	c := begin(t)
	oracles := filepath.Join("..", "testdata", "oracles", "surrogate", "xgb", "ensemble")
	member := filepath.Join(t.TempDir(), "member")
	if err := os.CopyFS(member, os.DirFS(filepath.Join(oracles, "ensemble_member_0"))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(member, "surrogate_model.model")
	ask := func(path string) float64 {
		quoted, _ := json.Marshal(path)
		answered[struct{ Name string }](c, "surrogate", `{"name": `+string(quoted)+`}`)
		return answered[prediction](c, "query", `{"archs": ["DARTS_V2"], "surrogate": `+string(quoted)+`}`).Value[0]
	}
	before := []float64{ask(file), ask(member)}
	model, err := os.ReadFile(filepath.Join(oracles, "ensemble_member_1", "surrogate_model.model"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, model, 0o666); err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{file, member} {
		if got := ask(path); got == before[i] {
			t.Errorf("%s: %v by a model that is no longer there", path, got)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(file)
	if m := c.ask("query", `{"archs": ["DARTS_V2"], "surrogate": `+string(quoted)+`}`); m.Error == nil {
		t.Error("a file that is gone is asked")
	}
}
