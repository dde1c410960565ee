package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301/dataset"
	"rwe301/cluster"
	"rwe301/moo"
	"rwe301/search"
	"rwe301/study"
)

// accessOptions say how a NATS server is reached.
type accessOptions struct{ cluster.Access }

// AddFlags gives a command the flags --token-file, --creds and --tls-ca.
func (o *accessOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.TokenFile, "token-file", "", "`FILE` with the secret word that a NATS server wants of everybody")
	f.StringVar(&o.Creds, "creds", "", "`FILE` of NATS credentials, of a server with users")
	f.StringVar(&o.CA, "tls-ca", "", "`FILE` of who signed the server's certificate (default: as the system)")
}

// clusterOptions say whether a run is answered by the workers of a NATS server.
type clusterOptions struct {
	accessOptions
	listen, nats string
	mix          bool
	none         bool // -j 0
}

// AddFlags gives a command the flags --listen, --nats, --mix-versions, --tls-cert, --tls-key and those of
// accessOptions.
func (o *clusterOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "", "let bench301 worker on any machine do the work too, by a NATS server "+
		"here at `ADDRESS`, e.g. 127.0.0.1:4222; -j 0: workers alone")
	f.StringVar(&o.nats, "nats", "", "the same by a NATS server with JetStream that runs at this `URL`")
	f.BoolVar(&o.mix, "mix-versions", false, "take workers of other versions and kinds of processors; their scores say so")
	o.accessOptions.AddFlags(cmd)
	f.StringVar(&o.Cert, "tls-cert", "", "`FILE` of the certificate of --listen, wanted beyond this machine")
	f.StringVar(&o.Key, "tls-key", "", "`FILE` of its key")
	cmd.MarkFlagsMutuallyExclusive("listen", "nats")
	before(cmd, func() error {
		o.none = f.Changed("jobs") && f.Lookup("jobs").Value.String() == "0"
		for _, name := range []string{"mix-versions", "token-file", "creds", "tls-ca", "tls-cert", "tls-key"} {
			if f.Changed(name) && o.listen == "" && o.nats == "" {
				return usagef("--%s: goes with --listen or --nats", name)
			}
		}
		return nil
	})
}

// used says whether workers were asked for.
func (o *clusterOptions) used() bool { return o.listen != "" || o.nats != "" }

// again is what a command that goes on says of the server, with a blank before it.
func (o *clusterOptions) again() string {
	switch {
	case o.listen != "":
		return " --listen " + shellWord(o.listen)
	case o.nats != "":
		return " --nats " + shellWord(cluster.Shown(o.nats))
	}
	return ""
}

// check says why workers could not be had, before a run folder is made.
func (o *clusterOptions) check(ctx context.Context, s streams) error {
	for _, text := range o.Warnings() {
		s.say("%s", text)
	}
	switch {
	case o.listen != "":
		return cluster.CheckListen(o.listen, o.Access)
	case o.nats != "":
		return cluster.CheckServer(ctx, o.nats, o.Access)
	}
	return nil
}

// start begins a line that says which program is started.
func (o *clusterOptions) start() string {
	if o.used() && o.none {
		return "workers with --allow-commands start"
	}
	return "starts"
}

// study scores what a run lacks, here or by workers.
func (o *clusterOptions) study(ctx context.Context, s streams, r *study.Run, p *study.Plan, how study.Options) error {
	return o.with(ctx, s, cluster.Run{
		Name: r.Manifest.Name, Dir: r.Dir, Space: p.Space, Questions: p.Questions, Data: p.Data, Store: r.Store,
	}, how.Workers, func(c *cluster.Coordinator) error {
		if c != nil {
			told := how.Progress
			how.Fleet, how.Progress = c, func(done, total int) {
				c.Progress(done, total, "architectures")
				told(done, total)
			}
		}
		return r.Do(ctx, p, machine(), how)
	})
}

// search runs what is left of searches, here or by workers.
func (o *clusterOptions) search(ctx context.Context, s streams, searches *search.Searches, jobs int,
	progress search.Progress) error {
	return o.with(ctx, s, cluster.Run{
		Name: searches.Manifest.Definition.Name, Dir: searches.Dir, Space: searches.Space(), Questions: searches.Questions(),
		Data: searches.Data(), Store: searches.Store,
	}, jobs, func(c *cluster.Coordinator) error {
		if c == nil {
			return searches.Run(ctx, jobs, progress)
		}
		stages, err := searches.Status(ctx)
		if err != nil {
			return err
		}
		done := 0
		evaluated := map[string]int{}
		for _, g := range stages {
			evaluated[fmt.Sprint(g.Method, g.Seed)] = g.Evaluations
			done += g.Evaluations
		}
		all := searches.Manifest.Definition.All()
		c.Progress(done, all, "evaluations")
		searches.Fleet = c
		return searches.Run(ctx, jobs, func(m analysis.Method, seed uint64, g moo.Generation[string]) {
			key := fmt.Sprint(m.Name, seed)
			done += g.Evaluations - evaluated[key]
			evaluated[key] = g.Evaluations
			c.Progress(done, all, "evaluations")
			progress(m, seed, g)
		})
	})
}

// with has do make a run: by the coordinator that the flags name, or by none.
func (o *clusterOptions) with(ctx context.Context, s streams, run cluster.Run, jobs int,
	do func(*cluster.Coordinator) error) (err error) {
	if !o.used() {
		if err := do(nil); err != nil {
			return err
		}
		return cluster.Remove(run.Dir) // of a coordinator before
	}
	run.Machine, run.Mix = machine(), o.mix
	nc, url, end, err := o.connect(ctx, s, run.Dir)
	if err != nil {
		return err
	}
	run.Server = url
	end = sync.OnceFunc(end)
	defer end()
	c, err := cluster.Coordinate(ctx, nc, run)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	var local sync.WaitGroup
	local.Go(func() { o.tell(working, s, c, url) })
	if !o.none {
		if jobs == 0 {
			jobs = runtime.GOMAXPROCS(0)
		}
		w := cluster.Worker{
			Conn: nc, Machine: run.Machine, Cores: jobs, Say: s.say, Only: c.ID(),
			Ready: map[string]cluster.Ready{c.ID(): {Questions: run.Questions, Data: run.Data}},
		}
		local.Go(func() { _ = w.Work(working) })
	}
	err = do(c)
	stop()
	local.Wait()
	if c.Close(); err != nil {
		return err
	}
	end()
	return cluster.Remove(run.Dir)
}

// Times of tell. Variables, for tests.
var (
	lonely  = 30 * time.Second // nobody works for so long before that is said
	between = 5 * time.Second  // changes of the workforce are said so far apart
)

// tell says which workers come and go, what they complain of, and what to do where there are none, until ctx ends.
func (o *clusterOptions) tell(ctx context.Context, s streams, c *cluster.Coordinator, url string) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	var workers, cores, complaints int
	var said, worked time.Time // when
	warned := false
	worked = time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		w, n := c.Workforce()
		if (w != workers || n != cores) && time.Since(said) >= between {
			workers, cores, said = w, n, time.Now()
			s.say("%s", workforce(w, n))
		}
		if w > 0 {
			worked, warned = time.Now(), false
		} else if !warned && time.Since(worked) >= lonely {
			warned = true
			s.say("nobody works: start workers, here or elsewhere, by: %s", o.joining(url))
		}
		list, all := c.Complaints(complaints)
		for _, l := range list[:min(len(list), 3)] {
			s.say("%s", l)
		}
		if more := all - complaints - 3; more > 0 {
			s.say("and %d complaints more: bench301 status --watch shows the last", more)
		}
		complaints = all
	}
}

// workforce is how many workers with how many cores.
func workforce(workers, cores int) string {
	return fmt.Sprintf("%d %s, %d %s", workers, plural(workers, "worker"), cores, plural(cores, "core"))
}

// joining is the command by which a worker joins at a server.
func (o *clusterOptions) joining(url string) string {
	command := "bench301 worker " + shellWord(url)
	if o.TokenFile != "" {
		command += " --token-file FILE"
	}
	if o.Creds != "" {
		command += " --creds FILE"
	}
	if o.CA != "" || o.Cert != "" {
		command += " --tls-ca FILE"
	}
	return command
}

// connect connects to the server of the flags, and starts it if it is to be one of ours. url is where workers reach it.
func (o *clusterOptions) connect(ctx context.Context, s streams, dir string) (nc *nats.Conn, url string, end func(),
	err error) {
	if o.nats != "" {
		nc, err := cluster.Dial(ctx, o.nats, o.Access, false, s.say)
		if err != nil {
			return nil, "", nil, err
		}
		url = cluster.Shown(o.nats)
		s.say("workers join by: %s", o.joining(url))
		return nc, url, nc.Close, nil
	}
	server, err := cluster.Listen(o.listen, cluster.Folder(dir), o.Access)
	if err != nil {
		return nil, "", nil, err
	}
	if nc, err = server.Connect(); err != nil {
		server.Close()
		return nil, "", nil, err
	}
	s.say("workers join by: %s", o.joining(server.URL))
	return nc, server.URL, func() {
		nc.Close()
		server.Close()
	}, nil
}

func newWorker(s streams) *cobra.Command {
	var o jobsOptions
	var access accessOptions
	var commands bool
	var cache string
	cmd := with(&cobra.Command{
		Use:   "worker URL",
		Short: "Work on the runs that other machines offer",
		Long: `Works on every study and search that is offered at a NATS server, that of study run --listen or one that
runs there for all, until it is told to stop by Ctrl-C or SIGTERM; what it has begun then goes to others. It waits
while there is no server or no run. It needs nothing but this program: questions and images come through the server,
and images stay in the cache folder.

A run is taken only where it was begun by the same version and kind of processor (else why not is said, and
--mix-versions where it was begun takes this one too). Programs that a definition names are started only with
--allow-commands, each named before on standard error. Whoever has the credentials of a server can offer runs:
work only for servers that you trust. docs/clusters.md tells more.

Exit status: 1 the server refuses the credentials or has another certificate, 130 ended by Ctrl-C, 143 by SIGTERM.`,
		Example: `  bench301 worker nats://127.0.0.1:4222
  bench301 worker tls://server.lab:4222 --token-file token --tls-ca ca.pem -j 8
  bench301 worker tls://nats.lab:4222 --creds me.creds`,
		Args: someArgs(1, 1, "the address of a server"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			for _, text := range access.Warnings() {
				s.say("%s", text)
			}
			nc, err := cluster.Dial(ctx, args[0], access.Access, true, s.say)
			if err != nil {
				return err
			}
			defer nc.Close()
			if cache == "" {
				c, err := dataset.DefaultCache()
				if err != nil {
					return err
				}
				cache = filepath.Join(c.Dir, "worker")
			}
			if err := os.MkdirAll(cache, 0o777); err != nil {
				return err
			}
			w := cluster.Worker{
				Conn: nc, Machine: machine(), Cores: o.jobs, Cache: cache, Commands: commands, Say: s.say,
			}
			if w.Cores == 0 {
				w.Cores = runtime.GOMAXPROCS(0)
			}
			defer saving(ctx)()
			return w.Work(ctx)
		},
	}, o.AddFlags, access.AddFlags)
	cmd.Flags().BoolVar(&commands, "allow-commands", false, "start the programs that definitions name")
	cmd.Flags().StringVar(&cache, "cache", "", "`FOLDER` of what comes through the server (default: worker, beside the "+
		"data sets)")
	return cmd
}
