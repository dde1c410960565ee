package estimators

import (
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/internal/training"
	"rwe301/internal/oracle"
	"rwe301/internal/process"
	"rwe301/network"
)

// briefly makes settings of a training short enough for a test.
const briefly = "channels=4,layers=3,resolution=8,train_images=40,val_images=20,batch=10,epochs=4"

// Trainings with everything on, too.
const fully = "channels=2,layers=4,resolution=32,train_images=20,val_images=10,batch=10,epochs=3,auxiliary=true,drop_path=0.3"

func TestTrainingsAreTheSameHoweverTheyRun(t *testing.T) {
	a := sampled(t, 1)[0]
	for _, settings := range []string{briefly, fully, briefly + ",precision=float64,val_norm=batch"} {
		early := configured(t, "tse-ema:"+settings)
		want := value(t, early, a, NewEnv(dataset.Sample(), 7))
		env := NewEnv(dataset.Sample(), 7)
		env.Workers = 3
		if got := value(t, early, a, env); got != want {
			t.Errorf("%s: three workers: %v, one: %v", settings, got, want)
		}
		// Broken off after every epoch, by an image that cannot be had.
		s := early.Estimator.(tseEMAScore).trainingSettings
		dir := t.TempDir()
		for range s.Epochs {
			env := NewEnv(dataset.Sample(), 7)
			env.Checkpoints = dir
			ctx, stop := context.WithCancel(context.Background())
			watch := training.Checkpoint[float32]{Dir: dir, Key: s.key(bench301.Canonical(a), env)}.Path()
			before, _ := os.Stat(watch)
			go func() {
				for ctx.Err() == nil {
					if now, err := os.Stat(watch); err == nil && (before == nil || !now.ModTime().Equal(before.ModTime())) {
						stop()
					}
					time.Sleep(100 * time.Microsecond)
				}
			}()
			_, err := early.Score(ctx, a, env)
			stop()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		env = NewEnv(dataset.Sample(), 7)
		env.Checkpoints = dir
		score, err := early.Score(context.Background(), a, env)
		if err != nil || score.Value != want {
			t.Errorf("%s: resumed: %v, %v; in one go %v", settings, score, err, want)
		}
		if score.Seconds <= score.Shared {
			t.Errorf("%s: resumed: %v s on its own, %v s here: the epochs before are missing", settings, score.Seconds,
				score.Shared)
		}
	}
}

// envKilled names the variable that makes the test binary the victim of TestKilledTrainingsResume.
const envKilled = "BENCH301_TEST_CHECKPOINTS"

// A process killed while it trains loses one epoch at most, and what is trained on has the same bits.
func TestKilledTrainingsResume(t *testing.T) {
	a, long := sampled(t, 1)[0], configured(t, "sotl:"+strings.Replace(briefly, "epochs=4", "epochs=40", 1))
	env := NewEnv(dataset.Sample(), 7)
	if dir := os.Getenv(envKilled); dir != "" {
		env.Checkpoints = dir
		value(t, long, a, env)
		return
	}
	want := value(t, long, a, env)
	dir := t.TempDir()
	env = NewEnv(dataset.Sample(), 7)
	env.Checkpoints = dir
	s := long.Estimator.(curveScore).trainingSettings
	saved := training.Checkpoint[float32]{Dir: dir, Key: s.key(bench301.Canonical(a), env), PerEpoch: 4}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledTrainingsResume$")
	cmd.Env = append(os.Environ(), envKilled+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(saved.Path()); err == nil {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("training was over before it could be killed")
	}
	half := resumable(t, s, env, saved)
	if n := len(half.Curve.TrainLoss); n == 0 || n == s.Epochs {
		t.Fatalf("%d of %d epochs were kept", n, s.Epochs)
	}
	if got := value(t, long, a, env); got != want {
		t.Errorf("resumed after %d epochs: %v; in one go %v", len(half.Curve.TrainLoss), got, want)
	}
}

// resumable is a training as its checkpoint has it.
func resumable(t *testing.T, s trainingSettings, env *Env, c training.Checkpoint[float32]) *training.Trainer[float32] {
	t.Helper()
	tr := blank(t, s, env)
	if err := c.Load(tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// blank is a trainer of the first sampled architecture.
func blank(t *testing.T, s trainingSettings, env *Env) *training.Trainer[float32] {
	t.Helper()
	plan, err := s.Compile(sampled(t, 1)[0], len(env.Data.Classes))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTrainer(s, plan, make([]float32, plan.NumParams()), NewEnv(nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Exec.Close)
	return tr
}

func TestDamagedCheckpointsAreRefused(t *testing.T) {
	env := NewEnv(dataset.Sample(), 7)
	s := configured(t, "sotl:"+briefly).Estimator.(curveScore).trainingSettings
	c := training.Checkpoint[float32]{Dir: t.TempDir(), Key: "k", PerEpoch: 4}
	tr := blank(t, s, env)
	tr.Curve = training.Curve{TrainLoss: []float64{2}, ValLoss: []float64{3}, ValAccuracy: []float64{40}}
	tr.Theta[1] = 5
	if err := c.Save(tr); err != nil {
		t.Fatal(err)
	}
	if again := resumable(t, s, env, c); again.Theta[1] != 5 || again.Curve.ValAccuracy[0] != 40 {
		t.Fatal("a checkpoint is not read as it was written")
	}
	whole, err := os.ReadFile(c.Path())
	if err != nil {
		t.Fatal(err)
	}
	other := c
	other.Key = "another"
	for name, data := range map[string][]byte{
		"empty": {}, "short": whole[:40], "half": whole[:len(whole)/2],
		"long":    append(whole[:len(whole):len(whole)], make([]byte, 1<<20)...),
		"changed": append(append([]byte{}, whole[:100]...), append([]byte{whole[100] ^ 1}, whole[101:]...)...),
	} {
		if err := os.WriteFile(c.Path(), data, 0o644); err != nil {
			t.Fatal(err)
		}
		oracle.Frugal(t, oracle.HostileLimit, func() {
			err := c.Load(blank(t, s, env))
			if err == nil || !strings.Contains(err.Error(), filepath.Base(c.Path())) ||
				!strings.Contains(err.Error(), "remove") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	if err := os.WriteFile(other.Path(), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := other.Load(blank(t, s, env)); err == nil || !strings.Contains(err.Error(), "another training") {
		t.Errorf("another training's: %v", err)
	}
}

// Scores of one training are read from one curve, whenever they are asked for.
func TestScoresOfOneTrainingShareIt(t *testing.T) {
	a, env := sampled(t, 1)[0], NewEnv(dataset.Sample(), 7)
	score := func(spec string) float64 { return value(t, configured(t, spec+","+briefly), a, env) }
	whole := value(t, configured(t, "sotl:"+briefly), a, env)
	items := len(env.work.items)
	parts := 0.0
	for _, at := range []string{"1", "2", "3", "4"} {
		parts += score("train-loss:at=" + at)
		if got, want := score("early-stop:at="+at), score("lce-power:final_epoch=9"); got < 0 || got > 100 || want < 0 ||
			want > 100 {
			t.Errorf("accuracies of %v and %v percent", got, want)
		}
	}
	if math.Abs(parts-whole) > 1e-12 {
		t.Errorf("training losses add up to %v, SoTL is %v", parts, whole)
	}
	for spec, want := range map[string]float64{
		"sotl-e:last_epochs=2": score("train-loss:at=3") + score("train-loss:at=4"), "sotl-e:last_epochs=9": whole,
		"tse-ema:gamma=0": score("train-loss:at=4"), "tse-ema:gamma=1": whole,
		"sotl:steps=16": whole,
	} {
		if got := score(spec); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", spec, got, want)
		}
	}
	if n := len(env.work.items); n != items+1 { // steps=16 is another training
		t.Errorf("%d pieces of work for two trainings, %d for one", n, items)
	}
}

func TestTrainingLearns(t *testing.T) {
	a, env := sampled(t, 1)[0], NewEnv(dataset.Sample(), 7)
	const settings = "channels=8,layers=3,resolution=16,train_images=300,val_images=200,batch=50,epochs=6,cutout=0"
	first := value(t, configured(t, "train-loss:at=1,"+settings), a, env)
	final := value(t, configured(t, "train-loss:"+settings), a, env)
	if accuracy := value(t, configured(t, "early-stop:val_norm=batch,"+settings), a, env); final < first+0.1 ||
		accuracy < 18 {
		t.Errorf("training loss from %v to %v, validation accuracy %v %%", -first, -final, accuracy)
	}
}

func TestTrainingsThatDiverge(t *testing.T) {
	a, env := sampled(t, 1)[0], NewEnv(dataset.Sample(), 7)
	env.Checkpoints = t.TempDir()
	for range 2 { // trained and read
		s, err := configured(t, "early-stop:learning_rate=1e35,clip=0,"+briefly).Score(context.Background(), a, env)
		if err != nil || s.Status != Undefined || !strings.Contains(s.Reason, "diverged") {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

func TestTrainingSettings(t *testing.T) {
	for settings, want := range map[string]string{
		"epochs=0":                      "epochs: 0: must lie in",
		"at=6":                          "at: 6: must lie in [1, epochs], here 5",
		"variant=naslib,auxiliary=true": "no auxiliary head",
		"variant=naslib,drop_path=0.2":  "has none",
		"drop_path=1":                   "drop_path: 1: must lie in [0, 1)",
		"train_images=50":               "must fill a batch, 100",
		"schedule_epochs=3":             "schedule_epochs: 3: must be at least epochs, 5",
		"cutout=3":                      "an even number",
		"val_norm=none":                 "val_norm",
		"learning_rate=-1":              "must be positive",
	} {
		if _, err := Parse("early-stop:" + settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", settings, err, want)
		}
	}
	for spec, want := range map[string]string{
		"lce-power:epochs=3": "must be at least 4", "lce-power:at=2": "2 to fit to",
		"lce-ensemble:final_epoch=4": "final_epoch: 4: must be at least 5",
		"tse-ema:gamma=1.1":          "gamma", "sotl-e:last_epochs=0": "last_epochs",
	} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
	sample := configured(t, "sotl")
	if got := sample.Dataset(NewEnv(dataset.Sample(), 0)); !strings.HasSuffix(got, "train[0:1500] train[1500:2000]") {
		t.Errorf("of the sample, the default images are %s", got)
	}
	if err := sample.Check(NewEnv(nil, 0)); err == nil {
		t.Error("no images, and no complaint")
	}
}

// BenchmarkTraining takes steps of early stopping at default settings. cpu-s/epoch is what an epoch over 5000 images
// costs, in processor seconds of all threads.
func BenchmarkTraining(b *testing.B) {
	env := NewEnv(dataset.Sample(), 0)
	s := defaultTraining
	plan, err := s.Compile(sampled(b, 1)[0], len(env.Data.Classes))
	if err != nil {
		b.Fatal(err)
	}
	theta := make([]float32, plan.NumParams())
	if err := network.Initialise(plan, theta, network.Scheme{}, 1); err != nil {
		b.Fatal(err)
	}
	t, err := newTrainer(s, plan, theta, NewEnv(nil, 0))
	if err != nil {
		b.Fatal(err)
	}
	defer t.Exec.Close()
	f, err := s.Feed(env.Data, env.Inputs)
	if err != nil {
		b.Fatal(err)
	}
	next, stop := iter.Pull2(f.Epoch(0))
	defer stop()
	var before process.Usage
	for b.Loop() {
		images, err, more := next()
		if !more {
			next, stop = iter.Pull2(f.Epoch(0))
			defer stop()
			images, err, _ = next()
		}
		if err == nil {
			_, _, err = t.Step(images, 1e-3)
		}
		if err != nil {
			b.Fatal(err)
		}
		if before.CPU == 0 { // the first step also prepares
			before, _ = process.Used()
		}
	}
	if after, ok := process.Used(); ok && b.N > 1 {
		b.ReportMetric((after.CPU-before.CPU).Seconds()/float64(b.N-1)*training.MostTrainImages/float64(s.Batch), "cpu-s/epoch")
	}
}
