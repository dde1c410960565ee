package pipe

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"
)

// FuzzMessages sends anything: no request breaks the server, and each that has an id gets one answer.
func FuzzMessages(f *testing.F) {
	for _, lines := range []string{
		"x\n\n[1]\n{}\n3\nnull",
		`{"id": 1, "method": "hello", "params": {"protocol": 1}}` + "\n" + `{"id": 1, "method": "hello", "params": []}`,
		`{"id": "a", "method": "query", "params": {"archs": ["DARTS_V2", 3, {}, [[]], null], "members": true}}`,
		`{"id": null, "method": "sample", "params": {"n": 3, "seed": 1, "space": "nasbench201"}}`,
		`{"id": [1], "method": "complexity", "params": {"archs": ["DARTS_V2"], "channels": 16, "layers": 5}}`,
		`{"id": 1e3, "method": "convert", "params": {"archs": ["DARTS_V2"], "to": "genotype"}}`,
		`{"id": 2, "method": "score", "params": {"archs": ["DARTS_V2"], "estimators": ["params"], "seeds": [1, 2]}}`,
		`{"id": 3, "method": "correlate", "params": {"accuracies": [1, 2, null], "resamples": 5, "scores": [
			{"estimator": "a", "values": [1, 2, 3]}]}}`,
		`{"id": 4, "method": "sample", "params": {"n": 2}}` + "\n" + `{"id": 4, "method": "sample", "params": {"n": 2}}`,
		`{"method": "cancel", "params": {"id": 4}}` + "\n" + `{"id": 5, "method": "surrogate", "params": {"name": "mini2"}}`,
		"{\"id\": \"\xff\", \"method\": \"\x00\"}",
	} {
		f.Add([]byte(lines))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		want := map[string]int{}
		for line := range bytes.SplitSeq(lines, []byte("\n")) {
			var c call
			switch err := json.Unmarshal(line, &c); {
			case len(bytes.TrimSpace(line)) == 0:
			case err != nil && len(c.ID) == 0:
				want["null"]++
			case err == nil && (len(c.ID) == 0 || c.Method == cancelling):
			default:
				want[compact(c.ID)]++
			}
		}
		ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
		defer end()
		var out bytes.Buffer
		if err := new(Server).Run(ctx, bytes.NewReader(lines), &out); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Skip("it asks for more than can be done")
		}
		for line := range bytes.SplitSeq(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
			var m message
			if len(line) == 0 || json.Unmarshal(line, &m) == nil && m.Method == "progress" {
				continue
			}
			id := string(m.ID)
			if want[id]--; want[id] < 0 {
				t.Errorf("an answer too many: %s", line)
			}
			if m.Error != nil && bytes.Contains(line, []byte("goroutine ")) {
				t.Errorf("%s", line)
			}
		}
		for id, n := range want {
			if n > 0 {
				t.Errorf("%d requests of id %s have no answer", n, id)
			}
		}
	})
}

// compact is a JSON value as answers have it.
func compact(id json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, id) != nil {
		return string(id)
	}
	return b.String()
}
