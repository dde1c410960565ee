package slurm

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the scripts in testdata")

// jobs are some whose scripts are in testdata.
var jobs = map[string]Job{
	"plain": {
		Name: "my", Definition: "my.yaml", Run: "runs/my", Folder: "runs/my-slurm", Dir: "/home/me/nas",
		Program: "/home/me/bin/bench301", Shards: 16, Tasks: all(16), CPUs: 1, Time: "2:00:00", Grace: 60, Partition: "cpu",
		Command: "bench301 study submit my.yaml --slurm --array 16 --time 2:00:00 --partition cpu",
	},
	"everything": {
		Name: "my study", Definition: "it's $HOME/`my`.yaml", Run: "my runs/50% #1", Folder: "my runs/50% #1-slurm",
		Dir: `/home/me/a "b" c's \d`, Program: "/opt/my tools/bench301", Shards: 9, Tasks: []int{2, 3, 4, 7, 9}, AtOnce: 2,
		CPUs: 4, Time: "1-12:00:00", Grace: 120, Requeues: 5, Partition: "long,short", Memory: "4G", Account: "nas",
		QOS: "low", Constraint: "avx512|avx2", Mail: "me@example.org", More: []string{"--nice=100", "--comment=it's mine"},
		RunFlags: []string{"--allow-commands", "--data=my images"}, ResumeFlags: []string{"--allow-commands", "--retry"},
		Environment: map[string]string{"BENCH301_DATA": "/scratch/my cache"}, Command: "bench301 study submit ...",
	},
	"one": {
		Name: "my", Definition: "my.yaml", Run: "runs/my", Folder: "runs/my-slurm", Dir: "/home/me/nas",
		Program: "/home/me/bin/bench301", Shards: 1, Tasks: all(1), CPUs: 8, Grace: 60, Requeues: 1,
		Command: "bench301 study submit my.yaml --slurm --array 1",
	},
	"searches": {
		Name: "my", Definition: "my.yaml", Run: "runs/my", Folder: "runs/my-slurm", Dir: "/home/me/nas",
		Program: "/home/me/bin/bench301", Shards: 4, Tasks: all(4), CPUs: 2, Grace: 60, Searches: "runs/my-search",
		SearchFile: "its searches.yaml", SearchFlags: []string{"--data=cifar10"}, RunFlags: []string{"--data=cifar10"},
		Command: "bench301 study submit my.yaml --slurm --array 4 --data cifar10",
	},
	"merge": {
		Name: "my", Definition: "my.yaml", Run: "runs/my", Folder: "runs/my-slurm", Dir: "/home/me/nas",
		Program: "/home/me/bin/bench301", Shards: 3, CPUs: 1, Grace: 60,
		Command: "bench301 study submit my.yaml --slurm",
	},
}

func all(n int) (list []int) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

// TestScripts compares scripts with those in testdata, and has bash parse them.
func TestScripts(t *testing.T) {
	for name, j := range jobs {
		got, err := j.Script()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join("testdata", name+".sh")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: go test -update writes it:\n%s", file, got)
		}
		if bash, err := exec.LookPath("bash"); err == nil {
			if out, err := exec.Command(bash, "-n", file).CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", file, err, out)
			}
		}
	}
}

// TestTask runs scripts as Slurm does, with a program that prints its arguments.
func TestTask(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "my program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '[%s]' \"$@\"\nexit ${WITH:-0}\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	begun := filepath.Join(dir, "my runs", "50% #1-7-of-9")
	if err := os.MkdirAll(begun, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(begun, "manifest.json"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		job, task, part, with, want string
		fails                       bool
	}{
		{"plain", "3", "", "0", "[study][run][my.yaml][--out][runs/my-3-of-16][--shard][3/16][--jobs][2]", false},
		{"plain", "3", "", "1", "[study][run]", true},
		{"merge", "0", "merge", "0",
			"[study][merge][runs/my-1-of-3][runs/my-2-of-3][runs/my-3-of-3][--out][runs/my][--complete][--update]", false},
		{"everything", "2", "", "0", "[study][run][it's $HOME/`my`.yaml][--out][my runs/50% #1-2-of-9][--shard][2/9]" +
			"[--allow-commands][--data=my images][--jobs][2]", false},
		{"everything", "7", "", "0", "[study][resume][my runs/50% #1-7-of-9][--any-cpu][--allow-commands][--retry][--jobs][2]",
			false},
		{"everything", "7", "", "1", "[study][resume]", true},
		{"searches", "0", "search", "0",
			"[search][its searches.yaml][--out][runs/my-search][--data=cifar10][--jobs][2]", false},
		{"searches", "2", "", "0", "[study][run][my.yaml][--out][runs/my-2-of-4][--shard][2/4][--searches][runs/my-search]" +
			"[--data=cifar10][--jobs][2]", false},
		{"one", "1", "", "0", "[study][run][my.yaml][--out][runs/my][--jobs][2]", false},
	} {
		j := jobs[c.job]
		j.Program = program
		text, err := j.Script()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bash, "-c", text, "job.sh", c.part)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID="+c.task, "SLURM_CPUS_PER_TASK=2", "SLURM_JOB_ID=1",
			"SLURM_ARRAY_JOB_ID=1", "SLURMD_NODENAME=node1", "WITH="+c.with)
		out, err := cmd.CombinedOutput()
		if (err != nil) != c.fails || !strings.Contains(string(out), c.want) {
			t.Errorf("%s, task %s: %v: %s; want %s", c.job, c.task, err, out, c.want)
		}
	}
}

// TestCheck refuses what would end a line of the script, and options that the script depends on.
func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Job){
		"definition":             func(j *Job) { j.Definition = "a\nrm -rf b" },
		"working directory":      func(j *Job) { j.Dir = "/a\x00" },
		"--partition":            func(j *Job) { j.Partition = "cpu\n#SBATCH --uid=0" },
		"--mail-user":            func(j *Job) { j.Mail = "a\r" },
		"BENCH301_DATA":          func(j *Job) { j.Environment = map[string]string{"BENCH301_DATA": "\x1b"} },
		`--sbatch "--nice=1\n`:   func(j *Job) { j.More = []string{"--nice=1\nid"} },
		"must be an option":      func(j *Job) { j.More = []string{"nice=1"} },
		"with its value":         func(j *Job) { j.More = []string{"--nice 1"} },
		"flag of its own: --mem": func(j *Job) { j.More = []string{"--mem=1G"} },
		"depends on how it sets": func(j *Job) { j.More = []string{"--output=x"} },
		"--time":                 func(j *Job) { j.Time = "soon" },
		"no longer than the 60":  func(j *Job) { j.Time = "1" },
		"--mem":                  func(j *Job) { j.Memory = "much" },
	} {
		j := jobs["plain"]
		change(&j)
		if text, err := j.Script(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q: %s", err, want, text)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string][2]int{"16": {16, 0}, "16%4": {16, 4}, "1-16": {16, 0}, "1-16%2": {16, 2},
		"": {}, "0": {}, "2-16": {}, "16%": {}, "16%0": {}, "-1": {}, "1,2": {}, "99999": {}, "1e3": {}} {
		n, most, err := ParseArray(text)
		if [2]int{n, most} != want || (err == nil) != (want[0] > 0) {
			t.Errorf("array %q: %d, %d, %v", text, n, most, err)
		}
	}
	for text, want := range map[string]int{"30": 1800, "30:05": 1805, "2:00:00": 7200, "1-12": 129600, "1-12:30": 131400,
		"1-00:00:10": 86410, "": -1, "UNLIMITED": -1, "soon": 0, "0": 0, "1:2:3:4": 0, "-5": 0, "2h": 0} {
		n, known, err := ParseTime(text)
		if (err != nil) != (want == 0) || known != (want > 0) || known && n != want {
			t.Errorf("time %q: %d, %v, %v; want %d", text, n, known, err, want)
		}
	}
	for want, list := range map[string][]int{"": nil, "1": {1}, "1-3": {1, 2, 3}, "1,3-4,9": {1, 3, 4, 9}} {
		if got := Ranges(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
	j := Job{Name: "é " + strings.Repeat("x", 100)}
	if l := j.Label(); len(l) != 60 || strings.ContainsAny(l, " é") {
		t.Errorf("label %q", l)
	}
}
