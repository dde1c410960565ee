package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/cluster"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/study"
)

// accessOptions say how a NATS server is reached.
type accessOptions struct{ cluster.Access }

// AddFlags gives a command the flags --token-file, --creds and --tls-ca.
func (o *accessOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.TokenFile, "token-file", "", "file with the secret word that a NATS server and its users share")
	f.StringVar(&o.Creds, "creds", "", "NATS credentials, of a server that has users")
	f.StringVar(&o.CA, "tls-ca", "", "certificates that the server's own is checked with (default: those of the system)")
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
	f.StringVar(&o.listen, "listen", "", "also have the work done by bench301 worker: start a NATS server at this "+
		"`ADDRESS`, such as 127.0.0.1:4222 (with -j 0, by workers alone)")
	f.StringVar(&o.nats, "nats", "", "the same by a NATS server that runs already, at this `URL`, with JetStream")
	f.BoolVar(&o.mix, "mix-versions", false, "let workers of other versions and kinds of processors work too; the "+
		"records say which made them")
	o.accessOptions.AddFlags(cmd)
	f.StringVar(&o.Cert, "tls-cert", "", "certificate of the server that --listen starts")
	f.StringVar(&o.Key, "tls-key", "", "its key")
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

// study scores what a run lacks, here or by workers.
func (o *clusterOptions) study(ctx context.Context, s streams, r *study.Run, p *study.Plan, how study.Options) error {
	return o.with(ctx, s, cluster.Run{
		Name: r.Manifest.Name, Dir: r.Dir, Space: p.Space, Questions: p.Questions, Data: p.Data, Store: r.Store,
	}, how.Workers, func(fleet scoring.Fleet) error {
		how.Fleet = fleet
		return r.Do(ctx, p, machine(), how)
	})
}

// search runs what is left of searches, here or by workers.
func (o *clusterOptions) search(ctx context.Context, s streams, searches *search.Searches, jobs int,
	progress search.Progress) error {
	return o.with(ctx, s, cluster.Run{
		Name: searches.Manifest.Definition.Name, Dir: searches.Dir, Space: searches.Space(), Questions: searches.Questions(),
		Data: searches.Data(), Store: searches.Store,
	}, jobs, func(fleet scoring.Fleet) error {
		searches.Fleet = fleet
		return searches.Run(ctx, jobs, progress)
	})
}

// with has do make a run: with the fleet that the flags name, or with none.
func (o *clusterOptions) with(ctx context.Context, s streams, run cluster.Run, jobs int,
	do func(scoring.Fleet) error) (err error) {
	if !o.used() {
		if err := do(nil); err != nil {
			return err
		}
		return cluster.Remove(run.Dir) // of a coordinator before
	}
	run.Machine, run.Mix = machine(), o.mix
	nc, end, err := o.connect(ctx, s, run.Dir)
	if err != nil {
		return err
	}
	end = sync.OnceFunc(end)
	defer end()
	c, err := cluster.Coordinate(ctx, nc, run)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	var local sync.WaitGroup
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

// connect connects to the server of the flags, and starts it if it is to be one of ours.
func (o *clusterOptions) connect(ctx context.Context, s streams, dir string) (nc *nats.Conn, end func(), err error) {
	if o.nats != "" {
		nc, err := cluster.Dial(ctx, o.nats, o.Access, false, s.say)
		if err != nil {
			return nil, nil, err
		}
		return nc, nc.Close, nil
	}
	server, err := cluster.Listen(o.listen, cluster.Folder(dir), o.Access)
	if err != nil {
		return nil, nil, err
	}
	if nc, err = server.Connect(); err != nil {
		server.Close()
		return nil, nil, err
	}
	s.say("workers join by: bench301 worker %s", server.URL)
	return nc, func() {
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
		Long: `Works on every study and search that was started with --listen or --nats at a NATS server, until it is told to
stop by Ctrl-C or SIGTERM: what it has begun then goes to others. It needs nothing but this program: questions and
images come through the server, and images stay in the cache folder. It works on runs of its own version, and waits
while there is no server or no run.

Programs that a definition names are started only with --allow-commands, and named on standard error.`,
		Example: `  bench301 worker nats://127.0.0.1:4222
  bench301 worker tls://server.lab:4222 --token-file token --tls-ca ca.pem -j 8`,
		Args: someArgs(1, 1, "the address of a server"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
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
	cmd.Flags().StringVar(&cache, "cache", "",
		"folder of what comes through the server (default: worker, in the folder of data sets)")
	return cmd
}
