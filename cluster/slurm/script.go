package slurm

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"
)

// Job is a study as a job array.
type Job struct {
	Name       string // of the job
	Definition string // file of the study
	Run        string // folder of the merged run; RUN-3-of-16 is that of a shard
	Folder     string // of script and logs
	Dir        string // working directory, absolute: what relative paths start from
	Program    string // absolute path of bench301
	Shards     int    // of the study; 1 means that it is not parted, and that there is no merge
	Tasks      []int  // shards to work on, ascending
	AtOnce     int    // tasks at a time; 0 means any number

	CPUs       int    // of a task
	Time       string // of a task, as Slurm writes it; "" is what the partition gives
	Grace      int    // seconds before the end of the time at which a task is told to save
	Requeues   int    // how often a task that ran out of time is put back
	Partition  string
	Memory     string
	Account    string
	QOS        string
	Constraint string
	Mail       string   // address
	More       []string // further options of sbatch, as --key or --key=value

	Searches    string   // folder of searches in place of those that the definition names; may be ""
	SearchFile  string   // definition of the searches, where they are not finished
	SearchFlags []string // flags of search

	RunFlags    []string          // flags of study run
	ResumeFlags []string          // flags of study resume
	Environment map[string]string // variables that the tasks need
	Command     string            // that made the script
}

//go:embed script.tmpl
var text string

var script = template.Must(template.New("script").Funcs(template.FuncMap{
	"word": Word, "option": option, "words": words, "sbatch": sbatch,
}).Parse(text))

// Script is the batch script: for sbatch, and for people to read.
func (j *Job) Script() (string, error) {
	if err := j.Check(); err != nil {
		return "", err
	}
	var out strings.Builder
	err := script.Execute(&out, j)
	return out.String(), err
}

// File is where the script lies.
func (j *Job) File() string { return j.Folder + "/job.sh" }

// Indices is what follows --array.
func (j *Job) Indices() string {
	if j.AtOnce > 0 {
		return fmt.Sprintf("%s%%%d", Ranges(j.Tasks), j.AtOnce)
	}
	return Ranges(j.Tasks)
}

// Label is the name of the job as Slurm and its tables take it.
func (j *Job) Label() string {
	label := []byte(j.Name)
	for i, b := range label {
		if b < '!' || b > '~' {
			label[i] = '-'
		}
	}
	const most = 60
	return string(label[:min(len(label), most)])
}

// Log is the pattern of the names of the logs. What is a pattern to Slurm in a folder's name is doubled.
func (j *Job) Log() string { return strings.ReplaceAll(j.Folder, "%", "%%") + "/%A_%a.log" }

// Part is one of the jobs that the script is for: options of sbatch that override those in the script, and what the
// script is called with.
type Part struct{ Options, Arguments []string }

// Search is the job that runs the searches.
func (j *Job) Search() Part { return Part{[]string{"--array=0"}, []string{"search"}} }

// Array is the job of the shards, after the searches if there are any. It is cancelled where they fail.
func (j *Job) Array(searches string) Part {
	if searches == "" {
		return Part{}
	}
	return Part{[]string{"--dependency=afterok:" + searches, "--kill-on-invalid-dep=yes"}, nil}
}

// Merge is the job that joins the shards, after their array if there is one.
func (j *Job) Merge(array string) Part {
	p := Part{[]string{"--array=0", "--cpus-per-task=1"}, []string{"merge"}}
	if array != "" {
		p.Options = append(p.Options, "--dependency=afterany:"+array)
	}
	return p
}

// Merges says whether there is a merge.
func (j *Job) Merges() bool { return j.Shards > 1 }

// Check says what cannot stand in a script.
func (j *Job) Check() error {
	values := map[string]string{
		"definition": j.Definition, "searches": j.Searches, "definition of the searches": j.SearchFile,
		"folder of the run": j.Run, "working directory": j.Dir, "program": j.Program,
		"--partition": j.Partition, "--mem": j.Memory, "--account": j.Account, "--qos": j.QOS, "--constraint": j.Constraint,
		"--mail-user": j.Mail, "--time": j.Time, "command": j.Command,
	}
	for name, value := range j.Environment {
		values[name] = value
	}
	for _, o := range j.More {
		values["--sbatch"] = o
		if err := printableOnly("--sbatch", o); err != nil {
			return err
		}
		if err := checkMore(o); err != nil {
			return err
		}
	}
	for name, value := range values {
		if err := printableOnly(name, value); err != nil {
			return err
		}
	}
	switch seconds, known, err := ParseTime(j.Time); {
	case err != nil:
		return err
	case known && seconds <= j.Grace:
		return fmt.Errorf("--time %s: no longer than the %d seconds before its end at which a task is told to save (--grace)",
			j.Time, j.Grace)
	}
	if j.Memory != "" && !memory.MatchString(j.Memory) {
		return fmt.Errorf("--mem %s: must be a size such as 4G or 500M", j.Memory)
	}
	return nil
}

// memory is a size as sbatch takes it.
var memory = regexp.MustCompile(`^[0-9]+[KMGTkmgt]?$`)

// printableOnly refuses characters that would end a line of a script or hide in it.
func printableOnly(name, value string) error {
	for _, r := range value {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s %q: has the character %q, which cannot stand in a batch script", name, value, r)
		}
	}
	return nil
}

// moreOption is an option of sbatch with or without a value.
var moreOption = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(=.*)?$`)

// Options of sbatch that the script sets or that would make it another kind of job, and what to do in their place.
var own = map[string]string{
	"account": "--account", "array": "--array", "constraint": "--constraint", "cpus-per-task": "--cpus-per-task",
	"mail-user": "--mail-user", "mem": "--mem", "partition": "--partition", "qos": "--qos", "time": "--time",
	"signal": "--grace", "output": "", "chdir": "", "open-mode": "", "requeue": "", "no-requeue": "", "parsable": "",
	"wrap": "", "wait": "", "test-only": "", "job-name": "", "help": "", "usage": "", "version": "", "ntasks": "",
	"array-inx": "",
}

// checkMore refuses what is no option of sbatch that may be added.
func checkMore(o string) error {
	m := moreOption.FindStringSubmatch(o)
	if m == nil {
		return fmt.Errorf("--sbatch %q: must be an option of sbatch with its value, such as --sbatch '--nice=100'", o)
	}
	switch flag, is := own[m[1]]; {
	case flag != "":
		return fmt.Errorf("--sbatch %s: is a flag of its own: %s", o, flag)
	case is:
		return fmt.Errorf("--sbatch %s: the script depends on how it sets --%s", o, m[1])
	}
	return nil
}

// plain is what a shell takes as one word as it stands.
var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Word is text as one word of a shell.
func Word(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// sbatch is the command that submits a part of the script by hand. What begins with $ is a variable of the shell.
func sbatch(j *Job, p Part) string {
	line := "sbatch --parsable"
	for _, o := range p.Options {
		line += " " + o
	}
	return line + " " + Word(j.File()) + words(p.Arguments)
}

// words are several words of a shell, each behind a blank.
func words(list []string) string {
	var out strings.Builder
	for _, w := range list {
		out.WriteString(" " + Word(w))
	}
	return out.String()
}

// option is an option on a line #SBATCH, where sbatch knows quotes, and a backslash before any character.
func option(text string) string {
	if plain.MatchString(text) {
		return text
	}
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		key, value = "", text
	} else {
		key += "="
	}
	return key + "'" + strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), "'", `'"'"'`) + "'"
}

// Ranges writes ascending numbers as Slurm does: 1-3,5.
func Ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		if k == i {
			parts = append(parts, strconv.Itoa(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[k]))
		}
		i = k + 1
	}
	return strings.Join(parts, ",")
}

// MaxShards bounds the tasks of an array: Slurm's own bound (MaxArraySize) is 1001 unless a cluster sets another.
const MaxShards = 10_000

var array = regexp.MustCompile(`^(?:1-)?([0-9]{1,6})(?:%([0-9]{1,6}))?$`)

// ParseArray reads "16", "1-16" or "16%4": sixteen tasks, four at a time.
func ParseArray(text string) (shards, atOnce int, err error) {
	m := array.FindStringSubmatch(text)
	if m != nil {
		shards, _ = strconv.Atoi(m[1])
		atOnce, _ = strconv.Atoi(m[2])
	}
	if shards < 1 || shards > MaxShards || m[2] != "" && atOnce < 1 {
		return 0, 0, fmt.Errorf("--array %q: must be a number of tasks from 1 to %d, such as 16, or 16%%4 for four at a time",
			text, MaxShards)
	}
	return shards, atOnce, nil
}

var duration = regexp.MustCompile(`^(?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?$`)

// ParseTime reads a limit of time as Slurm writes it: 30 (minutes), 30:00, 2:00:00, 1-12, 1-12:00 or 1-12:00:00. It is
// not known where the text is empty or UNLIMITED.
func ParseTime(text string) (seconds int, known bool, err error) {
	if text == "" || slices.Contains([]string{"UNLIMITED", "INFINITE"}, strings.ToUpper(text)) {
		return 0, false, nil
	}
	m := duration.FindStringSubmatch(text)
	if m == nil {
		return 0, false, fmt.Errorf("--time %q: must be a time such as 30 (minutes), 2:00:00 or 1-12:00:00 "+
			"(days-hours)", text)
	}
	n := [5]int{}
	for i, part := range m[1:] {
		n[i], _ = strconv.Atoi(part)
	}
	days, a, b, c := n[0], n[1], n[2], n[3]
	switch {
	case m[1] != "" || m[4] != "":
		seconds = ((days*24+a)*60+b)*60 + c
	default:
		seconds = a*60 + b
	}
	if seconds == 0 {
		return 0, false, fmt.Errorf("--time %s: no time at all", text)
	}
	return seconds, true, nil
}
