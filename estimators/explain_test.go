package estimators

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every setting of every estimator is explained.
func TestSettingsAreExplained(t *testing.T) {
	for _, info := range All() {
		list, err := Settings(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if s.Default == "" || s.Meaning == "" || s.Legal == "" || s.Effect == "" {
				t.Errorf("%s.%s: not explained: %+v", info.Name, s.Name, s)
			}
			if s.Values != nil && s.Default != "0" && !slices.Contains(s.Values, s.Default) {
				t.Errorf("%s.%s: default %s is not among %v", info.Name, s.Name, s.Default, s.Values)
			}
		}
	}
	for key := range specialTexts {
		name, setting, _ := strings.Cut(key, ".")
		if _, err := LookupSetting(name, setting); err != nil {
			t.Errorf("specialTexts: %v", err)
		}
	}
}

// What the texts call legal is accepted, and what lies beyond is refused.
func TestLegalValuesAreTrue(t *testing.T) {
	// What a value needs beside it.
	beside := map[string]string{
		"mu": "sigma=1", "sigma": "mu=1", "auxiliary": "variant=darts", "drop_path": "variant=darts",
		"train_images": "batch=2", "lambda": "head=ridge", "epochs": "head=sgd", "head_batch": "head=sgd",
		"learning_rate": "head=sgd", "momentum": "head=sgd",
	}
	interval := regexp.MustCompile(`([\[(])([0-9.]+), ([0-9.]+)([\])])`)
	least := regexp.MustCompile(`number, at least ([0-9]+)`)
	above := regexp.MustCompile(`number above ([0-9]+)`)
	for _, info := range All() {
		list, err := Settings(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		try := func(s Setting, value string, legal bool) {
			t.Helper()
			spec := fmt.Sprintf("%s:%s=%s", info.Name, s.Name, value)
			if b := beside[s.Name]; b != "" {
				if key, _, _ := strings.Cut(b, "="); slices.Contains(keysOf(info.Name), key) {
					spec += "," + b
				}
			}
			if s.Name == "epochs" && slices.Contains(keysOf(info.Name), "final_epoch") {
				return // bound by two more settings
			}
			if _, err := Parse(spec); (err == nil) != legal {
				t.Errorf("%s: %v; the text says: %s", spec, err, s.Legal)
			}
		}
		for _, s := range list {
			whole := strings.Contains(s.Legal, "whole number") || strings.Contains(s.Legal, "even number")
			step := 1e-9
			if whole {
				step = 1
			}
			number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
			switch {
			case s.Values != nil:
				for _, v := range s.Values {
					try(s, v, true)
				}
				try(s, "nonsense", false)
				try(s, "-1", false)
			case interval.MatchString(s.Legal) && s.Name != "at":
				m := interval.FindStringSubmatch(s.Legal)
				low, _ := strconv.ParseFloat(m[2], 64)
				high, _ := strconv.ParseFloat(m[3], 64)
				try(s, number(low), m[1] == "[")
				try(s, number(high), m[4] == "]")
				try(s, number(low-step), false)
				try(s, number(high+step), false)
				try(s, number(low+max(step, 1e-6)), true)
			case least.MatchString(s.Legal):
				low, _ := strconv.ParseFloat(least.FindStringSubmatch(s.Legal)[1], 64)
				try(s, number(low-step), strings.HasSuffix(s.Legal, "or 0"))
				try(s, "-1", false)
				if !strings.Contains(s.Legal, "even") {
					try(s, number(low+1), true)
				}
			case above.MatchString(s.Legal):
				low, _ := strconv.ParseFloat(above.FindStringSubmatch(s.Legal)[1], 64)
				if s.Name == "low" || s.Name == "high" {
					break
				}
				try(s, number(low+1), true)
				try(s, "-1", false)
			}
		}
	}
}

func TestLookupSetting(t *testing.T) {
	for _, c := range []struct{ estimator, setting, wrong string }{
		{"rwe", "readout", ""},
		{"grid_ed", "lambda", ""}, // an alias
		{"rwe", "redout", `rwe has no setting "redout" (did you mean readout?)`},
		{"rew", "readout", `unknown estimator "rew" (did you mean rwe?)`},
		{"depth", "x", `depth has no setting "x" (there are none)`},
	} {
		s, err := LookupSetting(c.estimator, c.setting)
		if c.wrong != "" {
			if err == nil || err.Error() != c.wrong {
				t.Errorf("%s.%s: %v, want %s", c.estimator, c.setting, err, c.wrong)
			}
			continue
		}
		if err != nil || s.Name != c.setting {
			t.Errorf("%s.%s: %+v, %v", c.estimator, c.setting, s, err)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, g := range Groups() {
		if len(g.Members) == 0 || g.Title == "" {
			t.Errorf("group %s: %+v", g.Name, g)
		}
	}
	suite, err := LookupGroup("naslib")
	if err != nil || len(suite.Members) != 13 {
		t.Errorf("naslib: %v, %v", suite.Members, err)
	}
	for _, c := range []struct{ spec, want, wrong string }{
		{"rwe:channels=4", "rwe:channels=4", ""},
		{"group:counts", "params macs flops pool-count sepconv-count depth", ""},
		{"group:counts:resolution=16", "params:resolution=16 macs:resolution=16 flops:resolution=16 pool-count " +
			"sepconv-count depth", ""},
		{"group:cuonts", "", `unknown group "cuonts" (did you mean counts?)`},
		{"group:counts:chanels=8", "", `group:counts: none of its estimators has a setting "chanels" (did you mean ` +
			`channels?)`},
	} {
		got, err := Expand(c.spec)
		if c.wrong != "" {
			if err == nil || err.Error() != c.wrong {
				t.Errorf("%s: %v, want %s", c.spec, err, c.wrong)
			}
			continue
		}
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.spec, got, err)
		}
		for _, spec := range got {
			if _, err := Parse(spec); err != nil {
				t.Errorf("%s: %v", c.spec, err)
			}
		}
	}
	if _, err := Parse("group:cheap"); err == nil || !strings.Contains(err.Error(), "a group is several estimators") {
		t.Errorf("Parse of a group: %v", err)
	}
}

// What a list of estimators says of one fits a line of 80 columns.
func TestMeasuresAreShort(t *testing.T) {
	for _, info := range All() {
		if info.Measures == "" || len(info.Measures) > 34 || len(info.Name) > 16 {
			t.Errorf("%s: measures %q: must be 1 to 34 characters, behind a name of 16", info.Name, info.Measures)
		}
		if info.Needs.Labels && !info.Needs.Data {
			t.Errorf("%s: needs labels but no images", info.Name)
		}
	}
}
