package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/cluster/slurm"
	"rwe301/internal/atomicfile"
	"rwe301/internal/strictjson"
	"rwe301/search"
	"rwe301/study"
)

// submitOptions are the flags of study submit.
type submitOptions struct {
	slurm, dryRun, json, yes, retry bool
	array, data, out                string
	commands                        commandOptions
	job                             slurm.Job
}

func newStudySubmit(s streams) *cobra.Command {
	var o submitOptions
	cmd := with(&cobra.Command{
		Use:   "submit FILE --slurm",
		Short: "Submit a study to Slurm as a job array",
		Long: `Checks a definition as study run does, writes a batch script for Slurm, and submits it with sbatch: a job
array with a task a shard, and behind it a job that merges the shards' runs into one. --dry-run prints the script in
place of that; it can be kept, read, changed and submitted by hand.

Submitted again, only what lacks something is: shards that are complete are left out, others go on where they stopped;
where all is complete, nothing is submitted. While jobs of the study are queued or running, it is refused.

Shards are in RUN-1-of-16 and so on, the merged run in RUN, script and logs in RUN-slurm. Before a task's time is up it
is told to save (--grace); it loses the estimates that it was in, of trainings at most an epoch. Slurm puts it back into
the queue if its node fails or it has to make room. If it runs out of time it ends, unless --requeue is given: then it
is put back so many times, goes on each time, and ends when its shard is complete, when it fails for another reason than
time, when it is cancelled (scancel), or at the last of these times.

Where the definition names searches that are to be run first, these are the first job, once for all shards, into
RUN-search.

A shard that fails does not hold up the others. The merge begins when all have ended; where one lacks scores it says
which, fails, and makes no run.

Exit status: 0 submitted, printed, or complete already, 1 not submitted, 2 wrong usage.`,
		Example: `  bench301 study submit my.yaml --slurm --array 16 --time 2:00:00 --partition cpu
  bench301 study submit my.yaml --slurm --array 100%20 --cpus-per-task 4 --requeue 5
  bench301 study submit my.yaml --slurm --sbatch '--nice=100' --dry-run > job.sh`,
		Args: someArgs(1, 1, "one definition"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.submit(cmd.Context(), s, args[0]) },
	}, o.commands.AddFlags, jsonFlag(&o.json), outFlag(&o.out, "folder of the merged run (default runs/NAME)"))
	f, j := cmd.Flags(), &o.job
	f.BoolVar(&o.slurm, "slurm", false, "to Slurm")
	f.StringVar(&o.array, "array", "", "tasks of the array, which are the shards of the study; 16%4 runs four at a time "+
		"(default: as before, at first 16, or one an architecture)")
	f.StringVar(&j.Time, "time", "", "limit of time of a task, as Slurm writes it (default: that of the partition)")
	f.IntVar(&j.Grace, "grace", 60, "seconds before that limit at which a task is told to save and end")
	f.IntVar(&j.Requeues, "requeue", 0, "put a task that ran out of time back into the queue, at most so many times")
	f.StringVar(&j.Partition, "partition", "", "partition of the cluster")
	f.IntVar(&j.CPUs, "cpus-per-task", 1, "processors of a task: architectures that it scores at a time")
	f.StringVar(&j.Memory, "mem", "", "memory of a task, such as 4G")
	f.StringVar(&j.Account, "account", "", "account that pays")
	f.StringVar(&j.QOS, "qos", "", "quality of service")
	f.StringVar(&j.Constraint, "constraint", "", "what a node must have")
	f.StringVar(&j.Mail, "mail-user", "", "`ADDRESS` that is told when the jobs end or fail")
	f.StringArrayVar(&j.More, "sbatch", nil, "another option of sbatch as it stands, such as '--nice=100'; repeat for "+
		"several")
	f.StringVar(&o.data, "data", "", imagesUsage)
	f.BoolVar(&o.retry, "retry", false, "try again what failed")
	f.BoolVar(&o.yes, "yes", false, "submit a study of a million estimates or more")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the script, write and submit nothing")
	before(cmd, o.validate)
	return cmd
}

func (o *submitOptions) validate() error {
	if !o.slurm {
		return usagef("study submit: say where to: --slurm")
	}
	for _, err := range []error{
		atLeast("--cpus-per-task", o.job.CPUs, 1), atLeast("--grace", o.job.Grace, 1),
		atLeast("--requeue", o.job.Requeues, 0),
	} {
		if err != nil {
			return err
		}
	}
	if most := 65535; o.job.Grace > most { // Slurm's own bound
		return usagef("--grace %d: must be at most %d", o.job.Grace, most)
	}
	if o.array != "" {
		if _, _, err := slurm.ParseArray(o.array); err != nil {
			return usageError{err}
		}
	}
	if err := o.job.Check(); err != nil {
		return usageError{err}
	}
	return nil
}

// submitted is what study submit did, as --json prints it.
type submitted struct {
	Script   string   `json:"script"` // its file, or with --dry-run its text
	Run      string   `json:"run"`
	Shards   int      `json:"shards"`
	Tasks    []int    `json:"tasks"`    // shards that are submitted
	Jobs     []string `json:"jobs"`     // the array, if any, and the merge, if any
	Complete bool     `json:"complete"` // then there was nothing to do
	DryRun   bool     `json:"dry_run"`
}

// submit is the command.
func (o *submitOptions) submit(ctx context.Context, s streams, file string) error {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: no plain file: the tasks have to read it when they begin", file)
	}
	p, err := o.load(ctx, file)
	if err != nil {
		return err
	}
	defer p.Close()
	if p.Estimates() >= study.ManyEstimates && !o.yes {
		return fmt.Errorf("%s: %d estimates: --yes submits so many; study plan says how long they take", file, p.Estimates())
	}
	if err := o.commands.permit(s, p, "tasks start"); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	result, err := o.prepare(s, p)
	if err != nil {
		return err
	}
	if err := o.do(ctx, s, result); err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(s.out).Encode(result)
	}
	return nil
}

// load reads the definition. Searches that come first are those in RUN-search; where they are not finished, they are
// the first job.
func (o *submitOptions) load(ctx context.Context, file string) (*study.Plan, error) {
	part, j := partOptions{data: o.data}, &o.job
	_, p, _, err := part.load(ctx, file)
	if err != nil {
		return nil, err
	}
	j.Name, j.Definition, j.Run = p.Definition.Folder(), file, filepath.Clean(o.out)
	if o.out == "" {
		j.Run = filepath.Join(runsFolder, j.Name)
	}
	// Behind a command, a name must not look like a flag.
	for _, path := range []*string{&j.Definition, &j.Run} {
		if strings.HasPrefix(*path, "-") {
			*path = "." + string(filepath.Separator) + *path
		}
	}
	if p.Searches == nil {
		return p, nil
	}
	j.Searches = j.Run + "-search"
	if search.Is(j.Searches) {
		part.searches = j.Searches
		_, whole, _, err := part.load(ctx, file)
		if !errors.Is(err, study.ErrUnfinished) {
			return whole, errors.Join(err, p.Close())
		}
	}
	j.SearchFile = p.SearchFile()
	if strings.HasPrefix(j.SearchFile, "-") {
		j.SearchFile = "." + string(filepath.Separator) + j.SearchFile
	}
	return p, nil
}

// prepare finds out what there is to do.
func (o *submitOptions) prepare(s streams, p *study.Plan) (*submitted, error) {
	j := &o.job
	j.Folder = j.Run + "-slurm"
	j.Command = "bench301"
	for _, word := range os.Args[1:] {
		j.Command += " " + shellWord(word)
	}
	var err error
	if j.Dir, err = os.Getwd(); err == nil {
		j.Program, err = os.Executable()
	}
	if err != nil {
		return nil, err
	}
	o.flags()
	result := &submitted{Run: j.Run, DryRun: o.dryRun, Tasks: []int{}, Jobs: []string{}}
	if p.Searches != nil { // of what no shard can be there
		if err = o.part(p, false); err == nil {
			for i := range j.Shards {
				j.Tasks = append(j.Tasks, i+1)
			}
		}
		result.Shards, result.Tasks = j.Shards, j.Tasks
		return result, err
	}
	whole, err := p.Standing(j.Run, study.Shard{}, codeVersion())
	if err != nil {
		return nil, err
	}
	lacks := func(part study.Standing) bool {
		return !part.Begun || part.Missing > 0 || o.retry && part.Failed > 0
	}
	if !lacks(whole) {
		result.Complete = true
		s.say("%s is complete: nothing to submit", j.Run)
		if whole.Failed > 0 {
			s.say("%d scores of it failed: bench301 study status %s lists them, --retry tries again", whole.Failed,
				shellWord(j.Run))
		}
		return result, nil
	}
	if err := o.part(p, whole.Begun); err != nil {
		return nil, err
	}
	result.Shards = j.Shards
	for i := 1; i <= j.Shards; i++ {
		part := study.Shard{Index: i, Count: j.Shards}
		if j.Shards == 1 {
			part = study.Shard{}
		}
		standing, err := p.Standing(study.PartFolder(j.Run, part), part, codeVersion())
		if err != nil {
			return nil, err
		}
		if lacks(standing) {
			j.Tasks = append(j.Tasks, i)
		}
	}
	result.Tasks = append(result.Tasks, j.Tasks...)
	return result, nil
}

// flags are what study run and study resume get of the command's flags.
func (o *submitOptions) flags() {
	j := &o.job
	if o.commands.allow {
		j.RunFlags, j.ResumeFlags = append(j.RunFlags, "--allow-commands"), append(j.ResumeFlags, "--allow-commands")
	}
	if o.data != "" {
		j.RunFlags, j.SearchFlags = append(j.RunFlags, "--data="+o.data), append(j.SearchFlags, "--data="+o.data)
	}
	if o.yes {
		j.RunFlags = append(j.RunFlags, "--yes")
	}
	if o.retry {
		j.ResumeFlags = append(j.ResumeFlags, "--retry")
	}
	if folder := os.Getenv(dataset.EnvCache); folder != "" { // not every cluster hands on the environment
		j.Environment = map[string]string{dataset.EnvCache: folder}
	}
}

// defaultShards is the number of shards of a study that has none yet and is not told.
const defaultShards = 16

// part says into how many shards the study is parted, which stays as it was at first.
func (o *submitOptions) part(p *study.Plan, begun bool) (err error) {
	j, size := &o.job, p.Size()
	before := study.Parted(j.Run)
	if begun && before == nil {
		before = []int{1}
	}
	switch {
	case o.array != "":
		if j.Shards, j.AtOnce, err = slurm.ParseArray(o.array); err != nil {
			return err
		}
		if len(before) > 0 && !slices.Contains(before, j.Shards) {
			return fmt.Errorf("--array %d: %s was begun in %d shards: --array %[3]d goes on with them, --out names another "+
				"folder", j.Shards, j.Run, before[0])
		}
		if j.Shards > size {
			return fmt.Errorf("--array %d: more shards than the %d architectures of the study: at most --array %[2]d", j.Shards,
				size)
		}
	case len(before) > 1:
		return fmt.Errorf("%s was begun in %d shards and in %d: --array says which to go on with", j.Run, before[0],
			before[1])
	case before != nil:
		j.Shards = before[0]
	default:
		j.Shards = min(defaultShards, size)
	}
	return nil
}

// queuedJobs is what the file beside the script keeps.
type queuedJobs struct {
	Jobs []string `json:"jobs"` // of the last submission
}

// do prints the script or submits it.
func (o *submitOptions) do(ctx context.Context, s streams, result *submitted) error {
	if result.Complete {
		return nil
	}
	j := &o.job
	script, err := j.Script()
	if err != nil {
		return usageError{err}
	}
	if o.dryRun {
		if result.Script = script; !o.json {
			_, err = fmt.Fprint(s.out, script)
		}
		o.sayTasks(s)
		return err
	}
	if err := os.MkdirAll(j.Folder, 0o777); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(j.Folder, ".lock"), flock.SetPermissions(0o666))
	if held, err := lock.TryLock(); err != nil || !held {
		return cmp.Or(err, fmt.Errorf("%s: is being submitted by another command: wait for it; squeue --me shows its jobs",
			j.Run))
	}
	defer lock.Close()
	record := filepath.Join(j.Folder, "jobs.json")
	if err := ended(ctx, j, record); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(j.File(), []byte(script)); err != nil {
		return err
	}
	result.Script = j.File()
	for _, path := range []string{j.Program, j.Dir} {
		if within(os.TempDir(), path) {
			s.say("%s: the tasks need it, and a temporary folder is seldom the same on all nodes", path)
		}
	}
	submit := func(p slurm.Part) (string, error) {
		id, err := slurm.Submit(ctx, j.File(), p)
		if errors.Is(err, slurm.ErrAbsent) {
			return "", fmt.Errorf("%w: not submitted: the script is %s, and its first lines say how to submit it where Slurm "+
				"is; --dry-run prints it and is no error", err, j.File())
		}
		if err != nil {
			if err = fmt.Errorf("not submitted (the script is %s): %w", j.File(), err); len(result.Jobs) > 0 {
				err = fmt.Errorf("%w\njobs %s, which come before it, are submitted; once they have ended, the same command "+
					"submits what is left", err, strings.Join(result.Jobs, ", "))
			}
			return "", err
		}
		result.Jobs = append(result.Jobs, id)
		data, err := json.Marshal(queuedJobs{result.Jobs})
		if err == nil {
			err = atomicfile.WriteBytes(record, append(data, '\n'))
		}
		return id, err
	}
	var searches, array, merge string
	if j.SearchFile != "" {
		if searches, err = submit(j.Search()); err != nil {
			return err
		}
	}
	if len(j.Tasks) > 0 {
		if array, err = submit(j.Array(searches)); err != nil {
			return err
		}
	}
	if j.Merges() {
		if merge, err = submit(j.Merge(array)); err != nil {
			return err
		}
	}
	o.sayTasks(s)
	if !o.json {
		if err := printLines(s, jobLines(j, searches, array, merge)...); err != nil {
			return err
		}
	}
	s.say("squeue --jobs=%s shows them; the same command again, once they have ended, submits what then lacks something",
		strings.Join(result.Jobs, ","))
	return nil
}

// jobLines say what was submitted.
func jobLines(j *slurm.Job, searches, array, merge string) (lines []string) {
	lines = append(lines, "script  "+j.File())
	if searches != "" {
		lines = append(lines, fmt.Sprintf("search  job %s, into %s", searches, j.Searches))
	}
	if array != "" {
		lines = append(lines, fmt.Sprintf("array   job %s, tasks %s", array, slurm.Ranges(j.Tasks)))
	}
	if merge != "" {
		lines = append(lines, fmt.Sprintf("merge   job %s, into %s", merge, j.Run))
	}
	return append(lines, "logs    "+filepath.Join(j.Folder, "JOB_TASK.log"))
}

// sayTasks says what is left out.
func (o *submitOptions) sayTasks(s streams) {
	j := &o.job
	switch left := j.Shards - len(j.Tasks); {
	case left == 0:
	case left == j.Shards:
		s.say("all %d shards are complete: only the merge is left", left)
	default:
		s.say("%d of %d shards are complete: left is %s", left, j.Shards, slurm.Ranges(j.Tasks))
	}
}

// ended refuses to submit while jobs of the last submission are queued or running.
func ended(ctx context.Context, j *slurm.Job, record string) error {
	data, err := os.ReadFile(record)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var last queuedJobs
	if err == nil {
		err = strictjson.Unmarshal(data, &last)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: it says which jobs may still run; remove it once squeue shows none of them", record, err)
	}
	queued, err := slurm.Queued(ctx, last.Jobs)
	if err != nil {
		return err
	}
	if len(queued) > 0 {
		const most = 3
		more := ""
		if len(queued) > most {
			queued, more = queued[:most], " and others"
		}
		return fmt.Errorf("%s: jobs of the last submission are not finished: %s%s: wait for them, or end them: scancel %s",
			j.Run, strings.Join(queued, ", "), more, strings.Join(last.Jobs, " "))
	}
	return nil
}
