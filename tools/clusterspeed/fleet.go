//go:build unix

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/cluster"
	"rwe301/estimators"
	"rwe301/plots"
	"rwe301/scoring"
	"rwe301/study"
)

// sleeper takes a second for a score.
type sleeper struct{}

func (sleeper) Score(ctx context.Context, _ bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	select {
	case <-time.After(time.Second):
		return estimators.Score{Status: estimators.OK, Seconds: 1}, nil
	case <-ctx.Done():
		return estimators.Score{}, context.Cause(ctx)
	}
}

// fleet has simulated workers of one core each, with a connection each, answer a coordinator of its own process.
func fleet(o options) error {
	fmt.Println("workers,s,scores a second,CPU s of the coordinator,its memory MB")
	var sizes, rates []float64
	for _, field := range strings.Split(o.workers, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("-workers %s: %w", o.workers, err)
		}
		each := or(o.n, 30)
		t, err := o.simulate(n, each)
		if err != nil {
			return fmt.Errorf("%d workers: %w", n, err)
		}
		rate := float64(n*each) / t.wall
		fmt.Printf("%d,%.1f,%.1f,%.1f,%.0f\n", n, t.wall, rate, t.cpu, t.memory)
		sizes, rates = append(sizes, float64(n)), append(rates, rate)
	}
	if o.figure == "" {
		return nil
	}
	figure, err := plots.NewLines(plots.Lines{
		XLabel: "workers", YLabel: "scores a second", Points: true,
		Lines:     []plots.Line{{Name: "measured", X: sizes, Y: rates}},
		Published: []plots.Line{{Name: "one a worker", X: sizes, Y: sizes}},
	})
	if err != nil {
		return err
	}
	return plots.SaveAs(o.figure, figure, plots.SingleColumn, plots.DefaultStyle())
}

// simulate has n workers answer a run of n times each scores. The time counts from the moment that they are connected.
func (o options) simulate(n, each int) (t taken, err error) {
	path, err := o.study(n*each, "pool-count")
	if err != nil {
		return t, err
	}
	dir := filepath.Join(o.dir, fmt.Sprint(n))
	c, err := o.start("study", "run", path, "--yes", "--out", dir, "--listen", o.server(), "-j", "0")
	if err != nil {
		return t, err
	}
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	ready, machine, err := o.offered(dir)
	if err != nil {
		return t, err
	}
	workers := make([]*cluster.Worker, n)
	for i := range workers {
		nc, err := cluster.Dial(ctx, o.url(), cluster.Access{}, true, nil)
		if err != nil {
			return t, err
		}
		defer nc.Close()
		workers[i] = &cluster.Worker{
			Conn: nc, Machine: machine, Cores: 1, Cache: dir, Say: func(string, ...any) {}, Ready: ready,
		}
	}
	begin := time.Now()
	for _, w := range workers {
		working.Go(func() { _ = w.Work(ctx) })
	}
	cpu, memory, err := c.end()
	return taken{wall: time.Since(begin).Seconds(), cpu: cpu, memory: memory}, err
}

// offered is what workers need to answer the run in dir with a sleeper, once that run is there.
func (o options) offered(dir string) (ready map[string]cluster.Ready, machine scoring.Machine, err error) {
	var m study.Manifest
	var id []byte
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, e1 := os.ReadFile(filepath.Join(dir, "manifest.json"))
		id, err = os.ReadFile(filepath.Join(dir, "cluster", "id"))
		if err = cmp.Or(e1, err); err == nil {
			if err := json.Unmarshal(text, &m); err != nil {
				return nil, machine, err
			}
			break
		}
		if time.Since(begin) > patience {
			return nil, machine, err
		}
	}
	var questions []*scoring.Question
	for _, q := range m.Questions {
		c, err := estimators.New(q.Estimator, q.Settings)
		if err != nil {
			return nil, machine, err
		}
		asked := scoring.QuestionOf(c, nil)
		asked.Seeds, asked.Source = q.Seeds, sleeper{}
		questions = append(questions, asked)
	}
	return map[string]cluster.Ready{strings.TrimSpace(string(id)): {Questions: questions}},
		scoring.Machine{Code: m.Code, CPU: m.CPU}, nil
}
