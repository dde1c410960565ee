package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study/studytest"
)

// quick makes settings of a network small enough for a test.
const quick = "featstd:channels=4,layers=3,resolution=8,batch=20,train_images=40"

// question asks for an estimator under seed 1.
func question(t testing.TB, spec string) *scoring.Question {
	t.Helper()
	c, err := estimators.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	q := scoring.QuestionOf(c, dataset.Sample())
	q.Seeds = []uint64{1}
	return q
}

// own asks a source of a test.
func own(name string, s scoring.Source) *scoring.Question {
	return &scoring.Question{Question: store.Question{Label: name, Estimator: name, SettingsHash: "h", Seeds: []uint64{1}},
		Source: s}
}

// asked is a source made of a function.
type asked func(a bench301.Architecture) estimators.Score

func (f asked) Score(_ context.Context, a bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	return f(a), nil
}

// records are those of a store.
func records(t *testing.T, s store.Store) (out []store.Record) {
	t.Helper()
	for r, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// kept is a new store of JSON lines.
func kept(t *testing.T) *store.JSONL {
	t.Helper()
	s, err := store.OpenJSONL(filepath.Join(t.TempDir(), "scores.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Answers come in order and are the same for any number of workers; those that the store has are not made again.
func TestAnyNumberOfWorkers(t *testing.T) {
	archs := studytest.Architectures(t, 7)
	questions := []*scoring.Question{question(t, quick), question(t, "params")}
	var want []float64
	for _, workers := range []int{1, 3, 16} {
		s := kept(t)
		known := -1.0
		err := s.Put(store.Record{
			Arch: archs[2].String(), ID: archs[2].ID(), Estimator: "params", Settings: questions[1].Settings,
			SettingsHash: questions[1].SettingsHash,
			Dataset:      questions[1].Dataset, Seed: 1, Score: &known, Status: store.OK,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		next := 0
		r := scoring.NewRunner(questions, scoring.Options{Data: dataset.Sample(), Store: s, Workers: workers,
			Machine: studytest.Machine})
		err = r.Run(t.Context(), archs, func(i int, answers []scoring.Answer) error {
			if i != next || len(answers) != 2 {
				t.Errorf("%d workers: %d answers about architecture %d in place of %d", workers, len(answers), i, next)
			}
			next++
			for k, a := range answers {
				if fresh := i != 2 || k != 1; a.Fresh != fresh || fresh && a.Code != studytest.Machine.Code || !fresh &&
					*a.Score != known {
					t.Errorf("answer %d about architecture %d: %+v", k, i, a)
				}
				got = append(got, *a.Score)
			}
			return nil
		})
		if err != nil || next != len(archs) {
			t.Fatalf("%d architectures, %v", next, err)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers change the scores", workers)
		}
		if n := len(records(t, s)); n != 14 {
			t.Errorf("%d records", n)
		}
	}
}

// What is finished is told and saved, whatever ends a run.
func TestInterruptionsKeepWhatIsFinished(t *testing.T) {
	archs := studytest.Architectures(t, 30)
	questions := []*scoring.Question{question(t, "params"), question(t, quick)}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		s := kept(t)
		told := map[int]int{}
		r := scoring.NewRunner(questions, scoring.Options{Data: dataset.Sample(), Store: s, Workers: 2})
		err := r.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
			if told[i] += len(answers); len(told) == 5 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if len(told) < 5 || len(told) == len(archs) {
			t.Errorf("told of %d architectures", len(told))
		}
		sum := 0
		for _, n := range told {
			sum += n
		}
		if n := len(records(t, s)); n != sum {
			t.Errorf("told of %d scores, %d are in the store", sum, n)
		}
		// The same runner goes on.
		if err := r.Run(t.Context(), archs, nil); err != nil || len(records(t, s)) != 60 {
			t.Errorf("%d scores after a second run, %v", len(records(t, s)), err)
		}
	}
	full := errors.New("disk full")
	r := scoring.NewRunner(questions[:1], scoring.Options{Workers: 2})
	if err := r.Run(t.Context(), archs, func(int, []scoring.Answer) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

// A source that breaks is a failed score, and the others are asked all the same.
func TestPanicsAreFailures(t *testing.T) {
	archs := studytest.Architectures(t, 4)
	s := kept(t)
	broken, calls := true, 0
	var mu sync.Mutex
	flaky := asked(func(a bench301.Architecture) estimators.Score {
		mu.Lock()
		defer mu.Unlock()
		if calls++; broken && a.ID() == archs[1].ID() {
			panic("index out of range")
		}
		return estimators.Score{Status: estimators.OK, Value: 1}
	})
	questions := []*scoring.Question{own("flaky", flaky), question(t, "params")}
	run := func(retry bool) (failed []string) {
		t.Helper()
		r := scoring.NewRunner(questions, scoring.Options{Store: s, Workers: 2, Retry: retry})
		err := r.Run(t.Context(), archs, func(i int, answers []scoring.Answer) error {
			for _, a := range answers {
				if a.Status != store.OK {
					failed = append(failed, fmt.Sprint(i, " ", a.Estimator, " ", a.Status, " ", a.Error))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return failed
	}
	want := "1 flaky failed the estimator broke: index out of range"
	if got := strings.Join(run(false), "; "); got != want || calls != 4 {
		t.Errorf("%s after %d calls, want %s", got, calls, want)
	}
	broken = false
	if got := strings.Join(run(false), "; "); got != want || calls != 4 {
		t.Errorf("asked again without being told to: %s after %d calls", got, calls)
	}
	if got := run(true); got != nil || calls != 5 {
		t.Errorf("retried: %v after %d calls", got, calls)
	}
}

// A score is in the store within a second: one whose architecture has others to wait for, and those of architectures
// behind a slow one, which are told about in order all the same.
func TestScoresAreSavedAtOnce(t *testing.T) {
	archs := studytest.Architectures(t, 6)
	s := kept(t)
	quick := asked(func(bench301.Architecture) estimators.Score {
		return estimators.Score{Status: estimators.OK, Value: 1}
	})
	release := make(chan struct{})
	slowFirst := asked(func(a bench301.Architecture) estimators.Score {
		if a.ID() == archs[0].ID() {
			<-release
		}
		return estimators.Score{Status: estimators.OK, Value: 2}
	})
	ended := make(chan error)
	var told []int
	go func() {
		r := scoring.NewRunner([]*scoring.Question{own("quick", quick), own("slow", slowFirst)},
			scoring.Options{Store: s, Workers: 2})
		ended <- r.Run(t.Context(), archs, func(i int, answers []scoring.Answer) error {
			told = append(told, i)
			return nil
		})
	}()
	for start := time.Now(); len(records(t, s)) < 11; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Second {
			t.Fatalf("%d of 11 scores are saved after a second", len(records(t, s)))
		}
	}
	close(release)
	if err := <-ended; err != nil || len(records(t, s)) != 12 || !slices.IsSorted(told) || len(told) != 6 {
		t.Errorf("%d scores, told of %v, %v", len(records(t, s)), told, err)
	}
}

// A store that cannot save ends the run at once.
func TestUnsavableScoresEndTheRun(t *testing.T) {
	s := kept(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	calls := 0
	endless := asked(func(bench301.Architecture) estimators.Score {
		calls++
		time.Sleep(10 * time.Millisecond)
		return estimators.Score{Status: estimators.OK, Value: 1}
	})
	err := scoring.NewRunner([]*scoring.Question{own("endless", endless)}, scoring.Options{Store: s, Workers: 1}).
		Run(t.Context(), studytest.Architectures(t, 1000), nil)
	if err == nil || !strings.Contains(err.Error(), "not saved") || calls > 500 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// A source that says it took less than no time is not believed.
func TestSecondsFromZero(t *testing.T) {
	for _, seconds := range []float64{-1, -1e-300, math.NaN(), math.Inf(1)} {
		s := kept(t)
		bad := asked(func(bench301.Architecture) estimators.Score {
			return estimators.Score{Status: estimators.OK, Value: 1, Seconds: seconds}
		})
		err := scoring.NewRunner([]*scoring.Question{own("bad", bad)}, scoring.Options{Store: s}).
			Run(t.Context(), studytest.Architectures(t, 1), nil)
		if got := records(t, s); err != nil || len(got) != 1 || got[0].Status != store.Failed ||
			!strings.Contains(got[0].Error, "seconds") {
			t.Errorf("%v seconds: %+v, %v", seconds, got, err)
		}
	}
}

// An architecture that stands twice is asked about once, and answered at both places.
func TestDuplicates(t *testing.T) {
	archs := studytest.Architectures(t, 3)
	archs = []bench301.Architecture{archs[0], archs[1], archs[0], archs[2], archs[1], archs[0]}
	for _, workers := range []int{1, 3} {
		s := kept(t)
		var fresh []bool
		progress := 0
		r := scoring.NewRunner([]*scoring.Question{question(t, "params")}, scoring.Options{
			Store: s, Workers: workers, Progress: func(n int) { progress = n },
		})
		err := r.Run(t.Context(), archs, func(i int, answers []scoring.Answer) error {
			if i != len(fresh) || len(answers) != 1 || answers[0].ID != archs[i].ID() {
				t.Errorf("architecture %d: %+v", i, answers)
			}
			fresh = append(fresh, answers[0].Fresh)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []bool{true, true, false, true, false, false}; !slices.Equal(fresh, want) || len(records(t, s)) != 3 ||
			progress != 3 {
			t.Errorf("fresh %v, %d records, progress %d", fresh, len(records(t, s)), progress)
		}
	}
}

// A score that is no number is undefined.
func TestScoresAreFinite(t *testing.T) {
	inf := own("inf", asked(func(bench301.Architecture) estimators.Score {
		zero := 0.0
		return estimators.Score{Status: estimators.OK, Value: 1 / zero}
	}))
	err := scoring.NewRunner([]*scoring.Question{inf}, scoring.Options{}).Run(t.Context(), studytest.Architectures(t, 1),
		func(_ int, answers []scoring.Answer) error {
			if a := answers[0]; a.Status != store.Undefined || a.Score != nil || a.Error != "the score is +Inf" {
				t.Errorf("%+v", a)
			}
			return nil
		})
	if err != nil {
		t.Error(err)
	}
}

// waits is a source that says when it is asked, and then waits until the run is ended.
type waits chan string

func (w waits) Score(ctx context.Context, a bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	w <- a.ID()
	<-ctx.Done()
	return estimators.Score{}, ctx.Err()
}

// An architecture whose answers were broken off is not one of the finished.
func TestBrokenOffIsNotFinished(t *testing.T) {
	archs := studytest.Architectures(t, 4)
	ctx, cancel := context.WithCancel(t.Context())
	waiting, finished := make(waits), 0
	r := scoring.NewRunner([]*scoring.Question{question(t, "params"), own("waits", waiting)},
		scoring.Options{Store: kept(t), Workers: 2, Progress: func(n int) { finished = n }})
	go func() {
		<-waiting
		<-waiting
		cancel()
	}()
	if err := r.Run(ctx, archs, nil); !errors.Is(err, context.Canceled) || finished != 0 {
		t.Errorf("%d finished, %v", finished, err)
	}
}
