// Sidebyside compares the throughput of bench301 with that of the same network in PyTorch, or the time of zero-cost
// proxies. Both run in turns, several rounds of each, so that other load on the machine meets both; it prints a
// Markdown table.
//
//	go run ./tools/sidebyside -peer ../shared/peers/peer_torch.py
//	go run ./tools/sidebyside -peer ../shared/peers/peer_torch.py -proxies
//
// The peer is a script that takes --arch, --C, --batch, --pbatch, --threads, --what forward|train|proxies, --layouts
// and --preps, and prints a JSON object with torch, forward_LAYOUT and train_LAYOUT (img_s_best, img_s_median,
// cpu_ms_img_best), and proxy_s ([seconds, CPU seconds] by proxy).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is the answer of one run of one program.
type sample struct{ best, median, perCPUSecond float64 }

// contest is one line of the table.
type contest struct {
	mode    string
	simd    string
	ours    []sample
	share   float64 // of the FMA peak, best
	planned float64 // MB
	process float64 // MB
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func run() error {
	binary := flag.String("bench301", "bin/bench301", "our program")
	python := flag.String("python", "/usr/bin/python3", "interpreter with torch")
	peer := flag.String("peer", "../shared/peers/peer_torch.py", "the peer's script")
	layout := flag.String("layout", "channels_last", "memory format of the peer")
	channels := flag.String("channels", "16,32", "widths to compare")
	modes := flag.String("modes", "forward,backward", "modes to compare")
	levels := flag.String("simd", "avx512,avx2", "SIMD levels of ours")
	batch := flag.Int("batch", 128, "images of a pass")
	threads := flag.Int("threads", 2, "threads of both")
	rounds := flag.Int("rounds", 3, "how often each runs")
	budget := flag.Duration("time", 3*time.Second, "how long ours runs each time")
	scores := flag.Bool("proxies", false,
		"time zero-cost proxies instead, at 32 channels and batch 32, on one thread and on -threads")
	flag.Parse()

	if _, err := os.Stat(*peer); err != nil {
		return fmt.Errorf("%w: name the peer's script by -peer", err)
	}
	if *scores {
		return compareProxies(*python, *peer, 32, 32, *rounds, slices.Compact([]int{1, *threads}))
	}
	arch, _, err := ours(*binary, nil, "--arch", "DARTS_V2", "--channels", "4", "--batch", "1", "--time", "10ms")
	if err != nil {
		return err
	}
	version := ""
	fmt.Printf("| C | mode | SIMD | img/s best | median | img/CPU-s | of peak | planned MB | process MB | torch %s "+
		"best | median | img/CPU-s | ratio best | median | per CPU-s |\n", *layout)
	fmt.Println("|" + strings.Repeat("---|", 15))
	for _, c := range strings.Split(*channels, ",") {
		for _, mode := range strings.Split(*modes, ",") {
			var lines []*contest
			for _, level := range strings.Split(*levels, ",") {
				lines = append(lines, &contest{mode: mode, simd: level})
			}
			var peers []sample
			for range *rounds {
				for _, l := range lines {
					a, s, err := ours(*binary, []string{"BENCH301_SIMD=" + l.simd}, "--arch", arch.Arch, "--channels", c,
						"--mode", mode, "--batch", strconv.Itoa(*batch), "--workers", strconv.Itoa(*threads), "--time", budget.String())
					if err != nil {
						return err
					}
					l.ours = append(l.ours, s)
					l.share, l.planned, l.process = max(l.share, a.PeakShare), a.Planned, a.Process
				}
				s, v, err := theirs(*python, *peer, arch.Arch, c, mode, *layout, *batch, *threads)
				if err != nil {
					return err
				}
				peers, version = append(peers, s), v
			}
			t := summary(peers)
			for _, l := range lines {
				o := summary(l.ours)
				fmt.Printf("| %s | %s | %s | %.0f | %.0f | %.0f | %.2f | %.0f | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |\n",
					c, mode, l.simd,
					o.best, o.median, o.perCPUSecond, l.share, l.planned, l.process, t.best, t.median, t.perCPUSecond,
					o.best/t.best, o.median/t.median, o.perCPUSecond/t.perCPUSecond)
			}
		}
	}
	fmt.Printf("\nDARTS_V2, 8 cells, batch %d, %d threads, %d rounds in turns; PyTorch %s.\n", *batch, *threads, *rounds,
		version)
	return nil
}

// summary is the best of the bests and the median of the medians.
func summary(s []sample) sample {
	var out sample
	medians := make([]float64, len(s))
	for i, v := range s {
		out.best, out.perCPUSecond = max(out.best, v.best), max(out.perCPUSecond, v.perCPUSecond)
		medians[i] = v.median
	}
	slices.Sort(medians)
	out.median = (medians[(len(medians)-1)/2] + medians[len(medians)/2]) / 2
	return out
}

// answer is what `bench301 bench network --json` prints.
type answer struct {
	Arch      string  `json:"arch"`
	Best      float64 `json:"images_per_second"`
	Median    float64 `json:"images_per_second_median"`
	PerCPU    float64 `json:"images_per_cpu_second"`
	PeakShare float64 `json:"peak_share"`
	Planned   float64 `json:"planned_memory_mb"`
	Process   float64 `json:"peak_memory_mb"`
}

func ours(binary string, env []string, flags ...string) (a answer, s sample, err error) {
	cmd := exec.Command(binary, append([]string{"bench", "network", "--json"}, flags...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return a, s, fmt.Errorf("%s: %w", cmd, err)
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return a, s, fmt.Errorf("%s: %w", cmd, err)
	}
	return a, sample{a.Best, a.Median, a.PerCPU}, nil
}

func theirs(python, script, arch, channels, mode, layout string, batch, threads int,
) (s sample, version string, err error) {
	what := map[string]string{"forward": "forward", "backward": "train"}[mode]
	cmd := exec.Command(python, script, "--arch", arch, "--C", channels, "--batch", strconv.Itoa(batch),
		"--threads", strconv.Itoa(threads), "--what", what, "--layouts", layout, "--reps", "3")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return s, "", fmt.Errorf("%s: %w", cmd, err)
	}
	var all map[string]json.RawMessage
	var r struct {
		Best   float64 `json:"img_s_best"`
		Median float64 `json:"img_s_median"`
		CPU    float64 `json:"cpu_ms_img_best"`
	}
	if err := json.Unmarshal(out, &all); err != nil {
		return s, "", fmt.Errorf("%s: %w", cmd, err)
	}
	if err := json.Unmarshal(all[what+"_"+layout], &r); err != nil {
		return s, "", fmt.Errorf("%s: no %s_%s: %w", cmd, what, layout, err)
	}
	_ = json.Unmarshal(all["torch"], &version) // informative only
	return sample{r.Best, r.Median, 1e3 / r.CPU}, version, nil
}
