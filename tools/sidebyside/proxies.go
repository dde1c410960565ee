package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
)

// proxies are those that run the network, in the order of the table.
var proxies = []string{"grad_norm", "snip", "plain", "fisher", "grasp", "synflow", "jacov", "epe_nas", "nwot", "zen"}

// best is the least wall time that either side took for a proxy, in seconds: ours with all threads on one architecture,
// and with one each, per architecture.
type best struct{ together, each, theirs float64 }

// compareProxies times each proxy alone, ours and the peer's in turns, and prints a table. Ours includes drawing the
// weights and building the network, which the peer has done before.
func compareProxies(python, peer string, channels, batch, rounds int, threads []int) error {
	arch := bench301.KnownNetworks(bench301.DARTS{})[0].Architecture.(bench301.Genotype)
	fmt.Println("| threads | proxy | torch s | on one architecture s | ratio | on one each, s an architecture " +
		"| ratio |\n|---|---|---|---|---|---|---|")
	version := ""
	for _, n := range threads {
		found := map[string]*best{}
		for range rounds {
			for _, name := range proxies {
				if found[name] == nil {
					found[name] = &best{math.Inf(1), math.Inf(1), math.Inf(1)}
				}
				if err := found[name].timeOurs(name, arch, channels, batch, n); err != nil {
					return err
				}
			}
			v, err := timeTheirs(found, python, peer, arch, channels, batch, n)
			if err != nil {
				return err
			}
			version = v
		}
		for _, name := range proxies {
			b := found[name]
			fmt.Printf("| %d | %s | %.3f | %.3f | %.1f | %.3f | %.1f |\n", n, name, b.theirs, b.together, b.theirs/b.together,
				b.each, b.theirs/b.each)
		}
	}
	fmt.Printf("\n%s, C = %d, 8 cells, batch %d; best of %d rounds in turns; PyTorch %s.\n", arch, channels, batch, rounds,
		version)
	return nil
}

// repeats is how often a proxy is timed in a round.
const repeats = 3

func (b *best) timeOurs(name string, arch bench301.Genotype, channels, batch, threads int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	settings := fmt.Sprintf(`{"channels": %d, "batch": %d}`, channels, batch)
	if name == "synflow" {
		settings = fmt.Sprintf(`{"channels": %d}`, channels)
	}
	c, err := estimators.New(name, json.RawMessage(settings))
	if err != nil {
		return err
	}
	env := estimators.NewEnv(dataset.Sample(), 0)
	envs := make([]*estimators.Env, threads)
	for i := range envs {
		envs[i] = env.Fork()
	}
	env.Workers = threads
	debug.FreeOSMemory() // or what the proxy before left is freed at this one's cost
	for range repeats {
		start := time.Now()
		if err := score(c, arch, env); err != nil {
			return err
		}
		b.together = min(b.together, time.Since(start).Seconds())
		start = time.Now()
		failed := make([]error, threads)
		var wg sync.WaitGroup
		for i, e := range envs {
			wg.Go(func() { failed[i] = score(c, arch, e) })
		}
		wg.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
		b.each = min(b.each, time.Since(start).Seconds()/float64(threads))
	}
	return nil
}

// score scores arch from the beginning: first another architecture makes env forget what it knows about arch.
func score(c *estimators.Configured, arch bench301.Genotype, env *estimators.Env) error {
	other := arch
	other.Normal[7].Op, other.Normal[7].Source = bench301.MaxPool3x3, 4
	forget, err := estimators.New("params", nil)
	if err != nil {
		return err
	}
	if _, err := forget.Score(context.Background(), other, env); err != nil {
		return err
	}
	s, err := c.Score(context.Background(), arch, env)
	if err == nil && s.Status != estimators.OK {
		err = fmt.Errorf("%s: %s", c.Label, s.Reason)
	}
	return err
}

func timeTheirs(found map[string]*best, python, peer string, arch bench301.Genotype, channels, batch, threads int,
) (version string, err error) {
	cmd := exec.Command(python, peer, "--arch", arch.String(), "--C", strconv.Itoa(channels),
		"--batch", strconv.Itoa(batch), "--pbatch", strconv.Itoa(batch),
		"--threads", strconv.Itoa(threads), "--what", "proxies", "--preps", strconv.Itoa(repeats))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	var answer struct {
		Torch   string               `json:"torch"`
		Seconds map[string][]float64 `json:"proxy_s"` // best wall, best CPU
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	for _, name := range proxies {
		s := answer.Seconds[name]
		if len(s) == 0 {
			return "", fmt.Errorf("%s: no time of %s", cmd, name)
		}
		found[name].theirs = min(found[name].theirs, s[0])
	}
	return answer.Torch, nil
}
