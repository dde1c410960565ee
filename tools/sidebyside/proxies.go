package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
)

// proxies are those that run the network, in the order of the table.
var proxies = []string{"grad_norm", "snip", "plain", "fisher", "grasp", "synflow", "jacov", "epe_nas", "nwot", "zen"}

// best is the least wall time that either side took for a proxy, in seconds.
type best struct{ ours, theirs float64 }

// compareProxies times each proxy of one architecture alone, ours and the peer's in turns, and prints a table. Ours includes drawing the
// weights and building the network, which the peer has done before.
func compareProxies(python, peer string, channels, batch, rounds int, threads []int) error {
	arch := bench301.KnownNetworks()[0].Genotype
	fmt.Println("| threads | proxy | bench301 s | torch s | ratio |\n|---|---|---|---|---|")
	version := ""
	for _, n := range threads {
		found := map[string]*best{}
		for range rounds {
			if err := timeOurs(found, arch, channels, batch, n); err != nil {
				return err
			}
			v, err := timeTheirs(found, python, peer, arch, channels, batch, n)
			if err != nil {
				return err
			}
			version = v
		}
		for _, name := range proxies {
			b := found[name]
			fmt.Printf("| %d | %s | %.3f | %.3f | %.1f |\n", n, name, b.ours, b.theirs, b.theirs/b.ours)
		}
	}
	fmt.Printf("\n%s, C = %d, 8 cells, batch %d; best of %d rounds in turns; PyTorch %s.\n", arch, channels, batch, rounds, version)
	return nil
}

// repeats is how often a proxy is timed in a round.
const repeats = 3

func timeOurs(found map[string]*best, arch bench301.Genotype, channels, batch, threads int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	env := estimators.NewEnv(dataset.Sample(), 0)
	env.Workers = threads
	other := arch
	other.Normal[7].Op, other.Normal[7].Source = bench301.MaxPool3x3, 4
	forget, err := estimators.New("params", nil)
	if err != nil {
		return err
	}
	for _, name := range proxies {
		settings := fmt.Sprintf(`{"channels": %d, "batch": %d}`, channels, batch)
		if name == "synflow" {
			settings = fmt.Sprintf(`{"channels": %d}`, channels)
		}
		c, err := estimators.New(name, json.RawMessage(settings))
		if err != nil {
			return err
		}
		for range repeats {
			if _, err := forget.Score(context.Background(), other, env); err != nil { // what is shared about arch
				return err
			}
			start := time.Now()
			s, err := c.Score(context.Background(), arch, env)
			if err != nil {
				return err
			}
			if s.Status != estimators.OK {
				return fmt.Errorf("%s: %s", name, s.Reason)
			}
			b := found[name]
			if b == nil {
				b = &best{ours: time.Since(start).Seconds()}
				found[name] = b
			}
			b.ours = min(b.ours, time.Since(start).Seconds())
		}
	}
	return nil
}

func timeTheirs(found map[string]*best, python, peer string, arch bench301.Genotype, channels, batch, threads int) (version string, err error) {
	cmd := exec.Command(python, peer, "--arch", arch.String(), "--C", strconv.Itoa(channels), "--batch", strconv.Itoa(batch), "--pbatch", strconv.Itoa(batch),
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
		if b := found[name]; b.theirs == 0 || s[0] < b.theirs {
			b.theirs = s[0]
		}
	}
	return answer.Torch, nil
}
