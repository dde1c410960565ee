//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"rwe301/cluster"
)

// rejoin kills a coordinator that has finished so many architectures, and starts it again.
func rejoin(o options) error {
	n := or(o.n, 100_000)
	path, err := o.study(3*n, "pool-count")
	if err != nil {
		return err
	}
	dir := filepath.Join(o.dir, "run")
	first, err := o.start("study", "run", path, "--yes", "--out", dir, "--listen", o.server(), "-j", "0")
	if err != nil {
		return err
	}
	w, err := o.start("worker", o.url(), "-j", "1", "--cache", filepath.Join(o.dir, "cache"))
	if err != nil {
		return err
	}
	defer func() { _, _, _ = w.stop() }()
	var finished int
	for begin := time.Now(); finished < n; time.Sleep(20 * time.Millisecond) {
		if s, ok, err := cluster.ReadStatus(dir); err == nil && ok {
			finished = s.Finished
		}
		if time.Since(begin) > patience {
			return fmt.Errorf("%d architectures in %v:\n%s", finished, patience, tail(first.said.String()))
		}
	}
	if err := first.Process.Kill(); err != nil {
		return err
	}
	_ = first.Wait() // it was killed
	begin := time.Now()
	again, err := o.start("study", "resume", dir, "--listen", o.server(), "-j", "0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	pieces, err := o.hear(ctx, "work", begin)
	if err != nil {
		return err
	}
	results, err := o.hear(ctx, "results", begin)
	if err != nil {
		return err
	}
	_, memory, err := again.end()
	fmt.Println("finished before,s until a piece is there,s until a result is there,memory of the coordinator MB")
	fmt.Printf("%d,%.1f,%.1f,%.0f\n", finished, pieces, results, memory)
	return err
}
