// Estimatordocs writes docs/estimators.md and docs/reference/settings.md from the registry of estimators and from
// measurements.
//
//	estimatordocs                      writes both from the registry and docs/estimators.json
//	estimatordocs measure [flags] ...  scores published architectures and writes docs/estimators.json
//	estimatordocs agree [flags]        compares scores with others that were published, and writes them there too
//
// Run it in the root of the repository.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"

	"rwe301/internal/atomicfile"
)

// The files.
const (
	page     = "docs/estimators.md"
	measured = "docs/estimators.json"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "estimatordocs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 0:
		m, err := readMeasurements(measured)
		if err != nil {
			return err
		}
		return errors.Join(
			atomicfile.Write(page, func(w io.Writer) error { return render(w, m) }),
			atomicfile.Write(settingsPage, renderSettings))
	case args[0] == "agree":
		return agree(args[1:])
	case args[0] == "measure":
		return measure(ctx, args[1:])
	}
	return fmt.Errorf("want no argument, measure or agree, not %q", args[0])
}

// Measurements are what a measuring run found.
type Measurements struct {
	CPU      string        `json:"cpu"`
	Code     string        `json:"code"`
	Data     string        `json:"data"` // name of the data set
	Table    string        `json:"table"`
	Seed     uint64        `json:"seed"`
	Measured []Measurement `json:"measured"`
	// What agree found.
	Published []Agreement `json:"published,omitempty"`
}

// Measurement is what was found about one estimator with its settings.
type Measurement struct {
	Estimator string   `json:"estimator"`
	Label     string   `json:"label"`       // with the settings that are not the defaults
	CPU       float64  `json:"cpu_seconds"` // of one estimate on its own, on one core; 0 where not measured
	Pace      float64  `json:"pace"`        // wall seconds of one architecture on each of two cores; 0 where not measured
	N         int      `json:"n"`           // architectures with score and accuracy
	Missing   int      `json:"missing"`     // architectures without a finite score
	Tau       *float64 `json:"tau"`         // Kendall's tau-b with the accuracies; nil where undefined
	Low       float64  `json:"low"`
	High      float64  `json:"high"`
	Suite     *float64 `json:"suite"` // Spearman's rho with the published scores of the same estimator; nil without
	SuiteN    int      `json:"suite_n"`
	Again     *float64 `json:"again"` // Spearman's rho with the same estimator's scores of another seed; nil without
	AgainN    int      `json:"again_n"`
}

// readMeasurements reads a file of measurements. No file means that nothing was measured.
func readMeasurements(path string) (m Measurements, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
