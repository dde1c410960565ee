package kernels

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestShareOfMultiplyAdds counts the instructions of the loops that work on most pixels at once, for arm64, where no
// machine of ours measures speed. With two pipes for multiplications and four instructions a cycle, half of them are
// enough to keep the pipes full.
func TestShareOfMultiplyAdds(t *testing.T) {
	for _, c := range []struct {
		file, function string
		least          float64 // multiply-adds, or multiplications, among all instructions
	}{
		{"product", "productNEON", 0.70},
		{"depthwise", "depthwiseK3D1S1NEON", 0.70}, {"depthwise", "depthwiseK3D2S1NEON", 0.68},
		{"depthwise", "depthwiseK3D1S2NEON", 0.63}, {"depthwise", "depthwiseK3D2S2NEON", 0.69},
		{"depthwise", "depthwiseK5D1S1NEON", 0.78}, {"depthwise", "depthwiseK5D2S1NEON", 0.75},
		{"depthwise", "depthwiseK5D1S2NEON", 0.72}, {"depthwise", "depthwiseK5D2S2NEON", 0.77},
		{"depthwise_gradient", "depthwiseGradientK3D1S1NEON", 0.67},
		{"depthwise_gradient", "depthwiseGradientK5D1S1NEON", 0.72},
	} {
		text, err := os.ReadFile(c.file + "_arm64.s")
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), "TEXT ·"+c.function+"(SB)")
		body, _, _ := strings.Cut(after, "\nTEXT ")
		best, of := 0, 0
		for _, loop := range innerLoops(body) {
			n := 0
			for _, line := range loop {
				if strings.Contains(line, "// FMLA") || strings.Contains(line, "// FMUL") {
					n++
				}
			}
			if n > best {
				best, of = n, len(loop)
			}
		}
		share := float64(best) / float64(of)
		t.Logf("%-28s %d of %d: %.2f", c.function, best, of, share)
		if !(share >= c.least) {
			t.Errorf("%s: %d of %d instructions multiply, %.0f %% wanted", c.function, best, of, 100*c.least)
		}
	}
}

var branch = regexp.MustCompile(`^(?:B|BNE|BEQ|BLT) (\w+)$`)

// innerLoops are the instructions of the loops of a function that hold no other loop.
func innerLoops(function string) (loops [][]string) {
	var lines []string
	labels := map[string]int{}
	for line := range strings.Lines(function) {
		line = strings.TrimSpace(line)
		if label, ok := strings.CutSuffix(line, ":"); ok {
			labels[label] = len(lines)
		} else if line != "" && !strings.HasPrefix(line, "//") {
			lines = append(lines, line)
		}
	}
	var starts []int
	for i, line := range lines {
		m := branch.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		start, ok := labels[m[1]]
		if !ok || start > i || slices.ContainsFunc(starts, func(s int) bool { return s >= start }) {
			continue // onward, or around a loop that came before
		}
		starts = append(starts, start)
		loops = append(loops, lines[start:i+1])
	}
	return loops
}
