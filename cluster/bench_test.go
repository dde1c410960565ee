package cluster_test

import (
	"context"
	"path/filepath"
	"testing"

	"rwe301/bench301"
	"rwe301/cluster"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study/studytest"
)

// BenchmarkTrivial scores architectures with three counts, which cost next to nothing, by a worker that takes pieces
// over TCP: what is left is the way of a score through server, worker and coordinator into a store.
func BenchmarkTrivial(b *testing.B) {
	const n = 50_000
	archs := studytest.Architectures(b, n)
	darts, err := bench301.LookupSpace("darts")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		var questions []*scoring.Question
		for _, name := range []string{"params", "pool-count", "flops"} {
			c, err := estimators.New(name, nil)
			if err != nil {
				b.Fatal(err)
			}
			q := scoring.QuestionOf(c, nil)
			q.Seeds = []uint64{0}
			questions = append(questions, q)
		}
		dir := b.TempDir()
		s, err := store.OpenSQLite(filepath.Join(dir, "scores.db"))
		if err != nil {
			b.Fatal(err)
		}
		server, err := cluster.Listen("127.0.0.1:0", cluster.Folder(dir), cluster.Access{})
		if err != nil {
			b.Fatal(err)
		}
		near, err := server.Connect()
		if err != nil {
			b.Fatal(err)
		}
		far, err := cluster.Dial(b.Context(), server.URL, cluster.Access{}, false, nil)
		if err != nil {
			b.Fatal(err)
		}
		machine := scoring.Machine{Code: "bench", CPU: "one"}
		c, err := cluster.Coordinate(b.Context(), near, cluster.Run{
			Name: "trivial", Dir: dir, Space: darts, Questions: questions, Store: s, Machine: machine,
		})
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(b.Context())
		ended := make(chan error)
		w := cluster.Worker{Conn: far, Machine: machine, Cores: 2, Cache: dir, Say: func(string, ...any) {}}
		go func() { ended <- w.Work(ctx) }()
		b.StartTimer()
		if err := scoring.NewRunner(questions, scoring.Options{Store: s, Fleet: c}).Run(ctx, archs, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		stop()
		<-ended
		c.Close()
		far.Close()
		near.Close()
		server.Close()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(3*n*float64(b.N)/b.Elapsed().Seconds(), "scores/s")
}
