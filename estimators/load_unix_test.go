//go:build unix

package estimators

import (
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"rwe301/bench301/dataset"
	"rwe301/internal/process"
)

// TestLoadMovesTheWallAlone: beside busy loops an estimate takes longer on the wall, and about as much of processors.
func TestLoadMovesTheWallAlone(t *testing.T) {
	if _, known := process.ThreadCPU(); !known || runtime.NumCPU() < 2 || testing.Short() {
		t.Skip("needs two processors, and a system that tells the time of threads")
	}
	a := sampled(t, 1)[0]
	c := configured(t, "map-effdim:batch=16,channels=16,resolution=8")
	measure := func() (wall, cpu float64) {
		var walls, cpus []float64
		for range 9 {
			s, err := c.Score(t.Context(), a, NewEnv(dataset.Sample(), 1))
			if err != nil || s.Status != OK {
				t.Fatal(err, s.Reason)
			}
			walls, cpus = append(walls, s.Seconds), append(cpus, s.CPUSeconds)
		}
		slices.Sort(walls)
		slices.Sort(cpus)
		return walls[4], cpus[4]
	}
	measure() // what the first estimates of a process need beside
	wall, cpu := measure()
	if wall > 1.3*cpu {
		t.Skipf("the machine is busy: %.2g s on the wall, %.2g of a processor", wall, cpu)
	}
	for range 4 * runtime.NumCPU() {
		loop := exec.Command("sh", "-c", "while :; do :; done")
		if err := loop.Start(); err != nil {
			t.Skip(err)
		}
		defer func() {
			_ = loop.Process.Kill()
			_ = loop.Wait()
		}()
	}
	loadedWall, loadedCPU := measure()
	t.Logf("times %.2f on the wall, %.2f of processors", loadedWall/wall, loadedCPU/cpu)
	if loadedWall < 1.5*wall {
		t.Skip("the loops have not kept the processors busy")
	}
	if r := loadedCPU / cpu; r > 1.5 || r < 1/1.5 {
		t.Errorf("%.2g s of processors beside busy loops, %.2g without", loadedCPU, cpu)
	}
}
