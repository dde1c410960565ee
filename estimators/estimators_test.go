package estimators

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/oracle"
	"rwe301/network"
)

// quick makes settings of a frozen network small enough for a test.
const quick = "channels=4,layers=3,resolution=8,batch=20,train_images=40"

// sampled are architectures of a fixed seed.
func sampled(t testing.TB, n int) []bench301.Architecture {
	t.Helper()
	rng := rand.New(rand.NewPCG(301, 0))
	archs := make([]bench301.Architecture, n)
	for i := range archs {
		archs[i] = bench301.SampleGenotype(rng)
	}
	return archs
}

func configured(t testing.TB, spec string) *Configured {
	t.Helper()
	c, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// value scores one architecture and wants a number.
func value(t testing.TB, c *Configured, a bench301.Architecture, env *Env) float64 {
	t.Helper()
	s, err := c.Score(context.Background(), a, env)
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != OK {
		t.Fatalf("%s: %s: %s", c.Label, s.Status, s.Reason)
	}
	return s.Value
}

// small are specs of every estimator, quick enough for a test.
func small() []string {
	list := []string{"params", "macs", "flops", "pool-count", "l2_norm:channels=4,layers=3"}
	for _, name := range []string{"rwe", "rwe-ridge", "rwe-train", "random-label"} {
		list = append(list, name+":"+quick+",val_images=20,epochs=2,head_batch=16")
	}
	for _, name := range []string{"featstd", "effdim", "map-effdim", "effdim-cell"} {
		list = append(list, name+":"+quick)
	}
	for _, name := range []string{"grad_norm", "snip", "plain", "grasp", "fisher", "nwot", "jacov", "epe_nas",
		"jacov-eval", "epe_nas-eval"} {
		list = append(list, name+":channels=4,layers=3,resolution=8,batch=6")
	}
	for _, name := range []string{"zico", "near", "gradsign-eval", "ntk-eval", "wrcor"} {
		list = append(list, name+":channels=4,layers=3,resolution=8,batch=6")
	}
	for _, name := range []string{"meco", "meco_opt", "dextr-eval"} {
		list = append(list, name+":channels=4,layers=3,resolution=8")
	}
	for _, name := range []string{"az-expressivity", "az-progressivity", "az-trainability", "vkdnw", "epsinas"} {
		list = append(list, name+":channels=4,layers=3,resolution=8,batch=4")
	}
	list = append(list, "swap:channels=4,layers=3,resolution=8,batch=12,draws=2",
		"regswap:channels=4,layers=3,resolution=8,batch=12,draws=2,mu=10,sigma=100", "sepconv-count", "depth")
	for _, name := range []string{"early-stop", "val-loss", "train-loss", "sotl", "sotl-e", "tse-ema", "lce-power",
		"lce-logpower", "lce-ensemble"} {
		list = append(list, name+":"+briefly)
	}
	list = append(list, "synflow:channels=4,layers=3,resolution=8", "zen:channels=4,layers=3,resolution=8,batch=3",
		"snip:channels=4,layers=3,resolution=8,batch=6,precision=float64,augment=false")
	return append(list, "featstd:norm=calibrated,"+quick, "rwe-ridge:norm=none,seeds=2,val_images=20,"+quick)
}

func TestEveryEstimatorIsListedAsSmall(t *testing.T) {
	specs := small()
	for _, info := range All() {
		if !slices.ContainsFunc(specs, func(s string) bool { return s == info.Name || strings.HasPrefix(s, info.Name+":") }) {
			t.Errorf("%s is missing from the tests", info.Name)
		}
	}
}

// A score depends on neither what was scored before, nor on who shares work, nor on the spelling, nor on the workers.
func TestScoresArePure(t *testing.T) {
	ctx := context.Background()
	archs := sampled(t, 2)
	var list []*Configured
	for _, spec := range small() {
		list = append(list, configured(t, spec))
	}
	alone := map[string]float64{}
	for _, a := range archs {
		for _, c := range list {
			alone[c.Label+a.ID()] = value(t, c, a, NewEnv(dataset.Sample(), 7))
		}
	}
	slices.Reverse(list)
	env := NewEnv(dataset.Sample(), 7)
	env.Workers = 3
	for _, a := range slices.Concat(archs, archs) {
		g := a.(bench301.Genotype)
		for _, c := range []*bench301.Cell{&g.Normal, &g.Reduce} {
			c[2], c[3] = c[3], c[2]
		}
		for _, c := range list {
			s, err := c.Score(ctx, g, env)
			if err != nil || s.Value != alone[c.Label+a.ID()] {
				t.Errorf("%s: %v, %v; alone %v", c.Label, s, err, alone[c.Label+a.ID()])
			}
		}
	}
	other := NewEnv(dataset.Sample(), 8)
	for _, c := range list {
		if a := archs[0]; c.Info.Family != Baseline && value(t, c, a, other) == alone[c.Label+a.ID()] &&
			c.Info.Unit != "percent" {
			t.Errorf("%s does not depend on the seed", c.Label)
		}
	}
}

// Batch statistics undo the scale of every layer, so that it cannot change a score; gains this large leave the
// normalisation's epsilon nothing to do.
func TestScaleOfInitialisationDoesNotMatter(t *testing.T) {
	a := sampled(t, 1)[0]
	env := NewEnv(dataset.Sample(), 3)
	for _, init := range []network.Distribution{network.Uniform, network.Normal, network.Xavier, network.Orthogonal} {
		for _, spec := range []string{"rwe-ridge:val_images=60", "rwe:val_images=60,epochs=3", "featstd:seeds=1",
			"map-effdim:seeds=1"} {
			spec += fmt.Sprintf(",init=%s,%s,gain=", init, quick)
			low, high := value(t, configured(t, spec+"64"), a, env), value(t, configured(t, spec+"512"), a, env)
			if math.Abs(low-high) > 1e-5*math.Abs(low) {
				t.Errorf("%s: %v and %v", spec, low, high)
			}
		}
	}
	fan := fmt.Sprintf("featstd:init=normal,gain=64,%s,fan=", quick)
	if in, out := value(t, configured(t, fan+"in"), a, env),
		value(t, configured(t, fan+"out"), a, env); math.Abs(in-out) > 1e-5*math.Abs(in) {
		t.Errorf("fan in %v, fan out %v", in, out)
	}
	// Without normalisation the scale does matter, so that the test above can fail.
	raw := fmt.Sprintf("featstd:norm=none,init=normal,%s,gain=", quick)
	if one, two := value(t, configured(t, raw+"1"), a, env),
		value(t, configured(t, raw+"2"), a, env); math.Abs(one-two) < 0.1*math.Abs(one) {
		t.Errorf("without normalisation: %v and %v", one, two)
	}
}

func TestSettingsAreCanonical(t *testing.T) {
	c := configured(t, "rwe:epochs=5,learning_rate=0.00000025,init=normal")
	const want = `{"batch":100,"channels":8,"epochs":5,"fan":"in","gain":0,"head":"sgd","head_batch":100,"init":"normal","lambda":0.1,` +
		`"layers":8,"learning_rate":2.5e-7,"momentum":0.9,"norm":"batch","pooling":"mean","readout":"last","resolution":32,` +
		`"score":"val-accuracy","seeds":1,"standardise":true,"train_images":1000,"val_images":1000,"val_split":"train","variant":"naslib"}`
	if string(c.Settings) != want {
		t.Errorf("settings\n%s\nwant\n%s", c.Settings, want)
	}
	if c.Label != "rwe:epochs=5,init=normal,learning_rate=2.5e-7" {
		t.Errorf("label %s", c.Label)
	}
	again := configured(t, c.Label)
	fromJSON, err := New("rwe", c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	if again.SettingsHash != c.SettingsHash || fromJSON.SettingsHash != c.SettingsHash || len(c.SettingsHash) != 16 {
		t.Errorf("hashes %s, %s, %s", c.SettingsHash, again.SettingsHash, fromJSON.SettingsHash)
	}
	names := map[string]bool{}
	for _, info := range All() {
		c := configured(t, info.Name)
		var fields map[string]any
		if err := json.Unmarshal(c.Settings, &fields); err != nil {
			t.Fatal(err)
		}
		for key, v := range fields {
			if _, nested := v.(map[string]any); nested {
				t.Errorf("%s: %s is not flat", info.Name, key)
			}
		}
		for _, name := range append([]string{info.Name}, info.Aliases...) {
			if found, err := Lookup(name); err != nil || found.Name != info.Name || names[name] {
				t.Errorf("%s: found %s, %v; seen before: %v", name, found.Name, err, names[name])
			}
			names[name] = true
		}
		if info.Formula == "" || info.Paper == "" || info.Unit == "" || info.Cost == "" || info.Direction == "" ||
			info.Family == "" {
			t.Errorf("%s: incomplete entry %+v", info.Name, info)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for spec, want := range map[string]string{
		"rwee":                      `(did you mean rwe?)`,
		"rwe:chanels=8":             `unknown key "chanels" (did you mean channels?)`,
		"rwe:zzzzzzzzz=8":           "(legal: batch, channels",
		"params:batch=3":            "unknown key",
		"pool-count:channels=8":     "there are none",
		"rwe:channels":              "key=value",
		"rwe:channels=8,channels=9": "twice",
		"rwe:channels=eight":        "channels: \"eight\": must be a whole number",
		"rwe:channels=2.5":          "channels: 2.5: must be a whole number",
		"rwe:channels=null":         "null",
		"rwe:channels=0":            "channels: 0: must lie in [1, 4096]",
		"rwe:variant=pytorch":       "variant",
		"rwe:init=he":               "must be one of",
		"rwe:gain=-1":               "gain",
		"rwe:norm=layer":            "norm",
		"rwe:batch=1":               "at least 2",
		"rwe:train_images=1":        "at least 2",
		"rwe:readout=cell8":         "\"cell7\"",
		"rwe:readout=last0":         "readout",
		"rwe:pooling=median":        "must be one of [grid max mean",
		"rwe:seeds=0":               "seeds",
		"rwe:head=svm":              "head",
		"rwe:score=auc":             "score",
		"rwe:epochs=0":              "epochs",
		"rwe:learning_rate=0":       "learning rate",
		"rwe:momentum=1":            "momentum",
		"rwe:val_split=dev":         "val_split",
		"snip:batch=1":              "two images",
		"snip:precision=float16":    "precision",
		"zen:batch=1":               "batch",
		"rwe-ridge:lambda=0":        "lambda",
		"effdim:lambda=-1":          "lambda",
	} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", spec, err, want)
		}
	}
	for raw, want := range map[string]string{`[1]`: "JSON object", `{"channels":8} x`: "after", `{`: "JSON object"} {
		if _, err := New("rwe", json.RawMessage(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", raw, err, want)
		}
	}
}

func TestWhatCannotBeScored(t *testing.T) {
	a := sampled(t, 1)[0]
	env := NewEnv(dataset.Sample(), 0)
	for spec, want := range map[string]string{
		"rwe:train_images=1500,val_images=600": "needs images train[1500:2100]: cifar10-sample has 2000",
		"rwe:val_split=test,val_images=1001":   "test[0:1001]",
		"rwe:resolution=20":                    "can only be halved",
		"rwe:resolution=64":                    "can only be halved",
	} {
		c := configured(t, spec)
		if err := c.Check(env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("check of %s: %v; want an error with %q", spec, err, want)
		}
		if s, err := c.Score(context.Background(), a, env); err != nil || s.Status != Failed ||
			!strings.Contains(s.Reason, want) {
			t.Errorf("%s: %+v, %v; want a failure with %q", spec, s, err, want)
		}
	}
	if err := configured(t, "rwe").Check(NewEnv(nil, 0)); err == nil {
		t.Error("no images, and no error")
	}
	if err := configured(t, "rwe").Check(env); err != nil {
		t.Error(err)
	}
	if got, want := configured(t, "rwe").Dataset(env),
		"cifar10-sample "+env.Data.Hash+" train[0:1000] train[1000:2000]"; got != want {
		t.Errorf("data set %q, want %q", got, want)
	}
	few := configured(t, "snip:classes=4,channels=4,layers=3,resolution=8")
	if s, err := few.Score(context.Background(), a, env); err != nil || s.Status != Failed ||
		!strings.Contains(s.Reason, "cifar10-sample has 10 classes") {
		t.Errorf("too few classes: %+v, %v", s, err)
	}
	full := configured(t,
		"rwe-train:head=ridge,lambda=1e-6,pooling=none,channels=4,layers=3,resolution=8,batch=20,train_images=20")
	if s, err := full.Score(context.Background(), a, env); err != nil || s.Value != 100 || len(s.Warnings) != 1 {
		t.Errorf("saturated: %+v, %v", s, err)
	}
	// Without normalisation and with huge weights the features overflow.
	s, err := configured(t, "featstd:norm=none,init=normal,gain=1e9,"+quick).Score(context.Background(), a, env)
	if err != nil || s.Status == OK || s.Value != 0 || s.Reason == "" {
		t.Errorf("overflow: %+v, %v", s, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := configured(t, "params").Score(ctx, a, env); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The time of shared work is credited once to every estimate that uses it.
func TestSharedWorkIsCharged(t *testing.T) {
	env := NewEnv(dataset.Sample(), 0)
	a := sampled(t, 1)[0]
	first, err := configured(t, "featstd:"+quick).Score(context.Background(), a, env)
	if err != nil {
		t.Fatal(err)
	}
	second, err := configured(t, "effdim:"+quick).Score(context.Background(), a, env)
	if err != nil {
		t.Fatal(err)
	}
	if first.Seconds != first.Shared {
		t.Errorf("the first estimate is credited: %+v", first)
	}
	if credit := second.Seconds - second.Shared; credit <= 0 || credit > first.Seconds {
		t.Errorf("credited with %v s of the first estimate's %v s", credit, first.Seconds)
	}
}

// A batch that no machine holds fails with a reason, before anything of it is allocated.
func TestHugeBatches(t *testing.T) {
	a := sampled(t, 1)[0]
	for _, name := range []string{"az-expressivity", "az-progressivity", "az-trainability", "vkdnw"} {
		oracle.Frugal(t, 256<<20, func() {
			s, err := configured(t, name+":batch=65536,resolution=2048").Score(t.Context(), a, NewEnv(nil, 0))
			if err != nil || s.Status != Failed || !strings.Contains(s.Reason, "use a smaller batch") {
				t.Errorf("%s: %+v, %v", name, s, err)
			}
		})
	}
}

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows, columns [64]uint64
	for i := range rows {
		rows[i] = rng.Uint64()
	}
	for i := range rows {
		for k := range columns {
			columns[k] |= rows[i] >> k & 1 << i
		}
	}
	if transpose(&rows); rows != columns {
		t.Error("not the transposed matrix")
	}
}
