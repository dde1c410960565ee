package main

import (
	"os"
	"path/filepath"
	"slices"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/scoring"
)

// bestRuntime is the value of a flag --runtime that stands alone.
const bestRuntime = "auto"

// runtimeFlag is the flag --runtime, which may stand alone. A value that follows it without "=" is among the arguments
// then, at the places in alone.
type runtimeFlag struct {
	name   string // "" if the flag was not given
	alone  []int
	before func() int // arguments that stand before what is read now
}

func (f *runtimeFlag) String() string { return f.name }
func (f *runtimeFlag) Type() string   { return "string" }

// Set is called where the flag stands.
func (f *runtimeFlag) Set(value string) error {
	if f.name = value; value == bestRuntime {
		f.alone = append(f.alone, f.before())
	}
	return nil
}

// take removes the flag's values from the arguments: what follows it and is a surrogate.
func (f *runtimeFlag) take(args []string, isSurrogate func(string) bool) []string {
	for _, i := range slices.Backward(f.alone) {
		if i >= len(args) || !isSurrogate(args[i]) {
			continue
		}
		if f.name == bestRuntime {
			f.name = args[i]
		}
		args = slices.Delete(slices.Clone(args), i, i+1)
	}
	return args
}

// open opens what the flag names, or the best there is: the last by name of the imported surrogates of training times,
// or else the one inside the binary. Damaged ones are named and passed over.
func (f *runtimeFlag) open(s streams) (surrogate.Surrogate, error) {
	if f.name == surrogate.MiniKey {
		return surrogate.NewMiniRuntime(), nil
	}
	if f.name != bestRuntime {
		return openSurrogate(f.name)
	}
	folder, err := scoring.SurrogateFolder()
	if err != nil {
		return surrogate.NewMiniRuntime(), nil
	}
	installed, err := surrogate.Installed(folder)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(installed) {
		switch e, err := openSurrogate(name); {
		case err != nil:
			s.say("%v", err)
		case e.Info().Unit == surrogate.Seconds:
			return e, nil
		}
	}
	return surrogate.NewMiniRuntime(), nil
}

// say names the surrogate of training times where the user did not, or where it is no published one.
func (f *runtimeFlag) say(s streams, q *surrogate.Question) {
	if q.Runtime != nil && (f.name == bestRuntime || q.Runtime.Info().Kind == surrogate.KindMini) {
		s.say("training times in seconds by %s", q.Runtime.Info().Name)
	}
}

// Ends of the names of files of models, and of architectures.
var (
	modelFiles = []string{surrogate.FileExt, ".model", ".pkl", ".pickle", ".bin", ".ubj", ".pt", ".pth", ".zip"}
	archFiles  = []string{".csv", ".json", ".jsonl", ".txt", ".py", ".log"}
)

// isSurrogate tells an argument that names a surrogate from one that stands for architectures.
func (a *archInput) isSurrogate(arg string) bool {
	space, _, err := a.open()
	if err != nil || arg == "-" || looksLikeArch(space, arg) {
		return false
	}
	if _, known := bench301.KnownNetwork(space, arg); known {
		return false
	}
	if _, _, run := idInRun(space, arg); run {
		return false
	}
	info, err := os.Stat(arg)
	if err != nil {
		return !slices.Contains(archFiles, filepath.Ext(arg))
	}
	if !info.Mode().IsRegular() || slices.Contains(modelFiles, filepath.Ext(arg)) {
		return true
	}
	_, err = surrogate.Load(arg)
	return err == nil
}
