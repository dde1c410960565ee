package estimators

import (
	"encoding/json"
	"strings"
	"testing"
)

// A preset is its settings spelled out, in any order, and what stands beside it overrides it.
func TestPresetsAreTheirSettings(t *testing.T) {
	n := 0
	for _, info := range All() {
		list, err := Presets(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			n++
			short, long := configured(t, info.Name+":preset="+p.Name), configured(t, info.Name+":"+p.Spelled())
			if short.Label != long.Label || short.SettingsHash != long.SettingsHash ||
				string(short.Settings) != string(long.Settings) || strings.Contains(short.Label, PresetKey) {
				t.Errorf("%s of %s: %s, spelled out %s", p.Name, info.Name, short.Label, long.Label)
			}
			if p.Title == "" || strings.HasSuffix(p.Title, ".") || internal.MatchString(p.Title) {
				t.Errorf("%s of %s: %q", p.Name, info.Name, p.Title)
			}
			for _, spec := range []string{"channels=4,preset=" + p.Name, "preset=" + p.Name + ",channels=4"} {
				if got, _ := configured(t, info.Name+":"+spec).Setting("channels"); got != "4" {
					t.Errorf("%s:%s: channels %s", info.Name, spec, got)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no presets")
	}
	near := configured(t, "rwe:channels=16,epochs=30,head=sgd,head_batch=128,init=normal,layers=8,learning_rate=0.025,"+
		"momentum=0.9,resolution=32,schedule=cosine,standardise=false,train_images=1000,val_images=500,variant=darts")
	if got := configured(t, "rwe:preset=near-paper"); got.SettingsHash != near.SettingsHash {
		t.Errorf("near-paper is %s", got.Label)
	}
}

func TestUnknownPresets(t *testing.T) {
	for _, c := range []struct{ name, settings, wrong string }{
		{"rwe", `{"preset": "chep"}`,
			`rwe: settings: preset: "chep": must be cheap or near-paper (did you mean cheap?)`},
		{"early-stop", `{"preset": "near-paper"}`, `early-stop: settings: preset: "near-paper": must be cheap or larger`},
		{"rwe", `{"preset": 3}`, `rwe: settings: preset: "3": must be cheap or near-paper`},
		{"rwe", `{"preset": null}`, `rwe: settings: preset: "": must be cheap or near-paper`},
		{"rwe", `{"presets": "cheap"}`, `rwe: settings: unknown key "presets" (did you mean preset?)`},
		{"rwe", `{"preset": "cheap", "chanels": 4}`, `rwe: settings: unknown key "chanels" (did you mean channels?)`},
		{"rwe", `{"preset": "cheap", "channels": 0}`, `rwe: settings: channels: 0: must lie in [1, 4096]`},
		{"nwot", `{"preset": "cheap"}`, `nwot: settings: preset: there is none for nwot`},
	} {
		if _, err := New(c.name, json.RawMessage(c.settings)); err == nil || err.Error() != c.wrong {
			t.Errorf("%s %s: %v, want %s", c.name, c.settings, err, c.wrong)
		}
	}
	if _, err := Parse("rwe:preset=cheap,preset=cheap"); err == nil || err.Error() != "rwe: preset is given twice" {
		t.Errorf("twice: %v", err)
	}
}

// A group hands a preset to each member that has presets.
func TestPresetsOfGroups(t *testing.T) {
	for _, spec := range []string{"group:rwe:preset=cheap", "group:rwe:preset=near-paper", "group:trained:preset=cheap",
		"group:trained:preset=larger"} {
		list, err := Expand(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if c := configured(t, s); !strings.Contains(s, ":preset=") || c.Label == c.Info.Name {
				t.Errorf("%s: %s is %s", spec, s, c.Label)
			}
		}
	}
	if _, err := Expand("group:counts:preset=cheap"); err == nil {
		t.Error("counts have presets")
	}
}

// Hashes of questions that stored runs ask, from before there was a setting schedule.
func TestLaterSettingsKeepHashes(t *testing.T) {
	for name, want := range map[string]string{
		"rwe":          "586e19df6e200f5a",
		"rwe-ridge":    "5c3f297ab5345084",
		"rwe-train":    "d694f7c03d01772a",
		"random-label": "da3f7cc8d6e0bd44",
	} {
		c := configured(t, name)
		if c.SettingsHash != want || strings.Contains(string(c.Settings), "schedule") {
			t.Errorf("%s: %s, want %s: %s", name, c.SettingsHash, want, c.Settings)
		}
		if same := configured(t, name+":schedule=constant"); same.SettingsHash != want || same.Label != name {
			t.Errorf("%s with the default spelled out: %s, %s", name, same.SettingsHash, same.Label)
		}
		if got := c.Implied()["schedule"]; got != "constant" {
			t.Errorf("%s: implied schedule %q", name, got)
		}
		other := configured(t, name+":schedule=cosine")
		if other.SettingsHash == want || len(other.Implied()) > 0 {
			t.Errorf("%s: cosine has hash %s, implied %v", name, other.SettingsHash, other.Implied())
		}
	}
	for _, d := range registry {
		for key, value := range laterSettings {
			if got, ok := values(d.defaults)[key]; ok && got != strings.Trim(value, `"`) {
				t.Errorf("%s.%s: default %s, in stored scores %s", d.Name, key, got, value)
			}
		}
	}
}
