package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"rwe301/study"
)

// workers are processes of the program around one run: a coordinator, workers, perhaps a server.
type workers struct {
	*testing.T
	dir, bin, log string
	address       string // of the server
	running       []*worker
}

// worker is a process.
type worker struct {
	*exec.Cmd
	said  string // file of its standard error
	ended chan error
}

// newWorkers makes a folder for the processes, and an address for their server.
func newWorkers(t *testing.T) *workers {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	t.Parallel()
	dir := t.TempDir()
	w := &workers{T: t, dir: dir, bin: filepath.Join(dir, "bench301"), log: filepath.Join(dir, "asked")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, w.bin); err != nil { // TestMain makes it the program
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range w.running {
			p.kill()
		}
	})
	return w
}

// write writes a file into the folder.
func (w *workers) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil { // a token is nobody else's
		w.Fatal(err)
	}
}

// command is a command line of the program, with a cache of its own for each name.
func (w *workers) command(name, line string) *exec.Cmd {
	cmd := exec.Command(w.bin, strings.Fields(line)...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "BENCH301_DATA="+filepath.Join(w.dir, "cache-"+name), "ASKED="+w.log)
	return cmd
}

// start starts a command line. What it says goes to the end of a file of its name.
func (w *workers) start(name, line string) *worker {
	w.Helper()
	p := &worker{Cmd: w.command(name, line), said: filepath.Join(w.dir, name+".said"), ended: make(chan error, 1)}
	f, err := os.OpenFile(p.said, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	p.Stderr = f
	if err := p.Start(); err != nil {
		w.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	w.running = append(w.running, p)
	return p
}

// work starts a worker of one core.
func (w *workers) work(name string) *worker {
	return w.start(name, "worker nats://"+w.address+" -j 1 --allow-commands")
}

// kill ends a process at once.
func (p *worker) kill() {
	_ = p.Process.Kill()
	err := <-p.ended
	p.ended <- err
}

// over says whether a process has ended by itself.
func (p *worker) over() bool {
	select {
	case err := <-p.ended:
		p.ended <- err
		return true
	default:
		return false
	}
}

// wait waits until a process ends by itself, and returns its exit status.
func (w *workers) wait(p *worker) int {
	w.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		return p.ProcessState.ExitCode()
	case <-time.After(3 * time.Minute):
		w.Fatalf("%v does not end:\n%s", p.Args[1:], w.words(p))
		return 0
	}
}

// words are what a process said.
func (w *workers) words(p *worker) string {
	text, _ := os.ReadFile(p.said)
	return string(text)
}

// hear waits until a process says something.
func (w *workers) hear(p *worker, what string) {
	w.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(w.words(p), what) {
			return
		}
	}
	w.Fatalf("%v did not say %q, but:\n%s", p.Args[1:], what, w.words(p))
}

// output runs a command line to its end and returns what it prints.
func (w *workers) output(line string) string {
	w.Helper()
	cmd := w.command("output", line)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("%s: %v\n%s", line, err, said.String())
	}
	return string(out)
}

// stop ends a worker in order.
func (w *workers) stop(p *worker, by syscall.Signal) int {
	w.Helper()
	if err := p.Process.Signal(by); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.Fatal(err)
	}
	return w.wait(p)
}

// files lists what lies in a folder of a run, without the lock of its database.
func (w *workers) files(dir string) (list []string) {
	w.Helper()
	dir = filepath.Join(w.dir, dir)
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(dir, path); !strings.HasSuffix(name, ".lock") {
			list = append(list, name)
		}
		return err
	}); err != nil {
		w.Fatal(err)
	}
	return list
}

// logged is a program that answers, and notes what it was asked and when.
const logged = `while read -r line; do
  id=${line#*\"id\":\"}; id=${id%%\"*}
  seed=${line#*\"seed\":}; seed=${seed%%\}*}
  echo "$id $seed $(date +%s)" >>"$ASKED"
  echo "{\"id\":\"$id\",\"seed\":$seed,\"score\":${#line}}"
done
`

// workersStudy writes a study of n architectures that has a bit of everything.
func (w *workers) workersStudy(n int) {
	w.Helper()
	w.write("logged.sh", logged)
	column := "arch,score\n"
	for i, id := range w.lines("sample -n " + strconv.Itoa(n) + " --seed 5") {
		column += fmt.Sprintf("%q,%d\n", id, i%17)
	}
	w.write("mine.csv", column)
	w.write("study.yaml", fmt.Sprintf(`name: killed
seed: 5
architectures: {sample: %d}
accuracy: mini
seeds: [0, 1]
estimators:
  - params
  - {name: mine, scores: mine.csv}
  - {name: logged, command: [sh, logged.sh]}
  - {name: rwe-ridge, settings: {channels: 4, layers: 3, resolution: 8, train_images: 100, val_images: 100}}
`, n))
}

// lines are those that a command line prints.
func (w *workers) lines(line string) []string {
	w.Helper()
	return strings.Split(strings.TrimSpace(w.output(line)), "\n")
}

// exported are the scores of a run without times.
func (w *workers) exported(dir string) string {
	w.Helper()
	return w.output("study export " + dir + " --no-times")
}

// TestWorkersEndAlike is metamorphic: a study gives the same bytes by one machine, by one, two and four workers, and
// where a worker and the coordinator were killed in between.
func TestWorkersEndAlike(t *testing.T) {
	w := newWorkers(t)
	w.workersStudy(60)
	w.output("study run study.yaml --out alone")
	want, files := w.exported("alone"), w.files("alone")
	if n := strings.Count(want, "\n"); n != 1+60*(1+1+1+2+2) {
		t.Fatalf("%d lines", n)
	}
	for _, n := range []int{1, 2, 4} {
		var list []*worker
		for i := range n {
			list = append(list, w.work(fmt.Sprint("worker", i)))
		}
		dir := fmt.Sprint("by", n)
		crash := n == 2
		line := fmt.Sprintf("study run study.yaml --out %s -j 0 --listen %s", dir, w.address)
		if n == 4 {
			line = strings.Replace(line, "-j 0", "-j 1", 1) // the coordinator works too
		}
		c := w.start("coordinator"+dir, line)
		if crash {
			for saved(t, filepath.Join(w.dir, dir)) < 100 && !c.over() {
				time.Sleep(10 * time.Millisecond)
			}
			list[0].kill()
			c.kill()
			c = w.start("resumed", fmt.Sprintf("study resume %s -j 0 --listen %s", dir, w.address))
		}
		if status := w.wait(c); status != 0 {
			t.Fatalf("%d workers: exit status %d: %s", n, status, w.words(c))
		}
		if got := w.exported(dir); got != want {
			t.Errorf("%d workers: other bytes", n)
		}
		if got := w.files(dir); !slices.Equal(got, files) {
			t.Errorf("%d workers: the folder has %v, want %v", n, got, files)
		}
		for i, p := range list {
			if crash && i == 0 {
				continue
			}
			if status := w.stop(p, syscall.SIGINT); status != 130 {
				t.Errorf("a worker ended by Ctrl-C: exit status %d: %s", status, w.words(p))
			}
		}
	}
}

// TestKilledWorkersLoseNothing kills the coordinator and three workers at random moments, five of them or as many as
// BENCH301_TEST_KILLS says, and starts them again: nothing that was on the disk is scored again.
func TestKilledWorkersLoseNothing(t *testing.T) {
	kills, _ := strconv.Atoi(os.Getenv("BENCH301_TEST_KILLS"))
	kills = max(kills, 5)
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("BENCH301_TEST_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("%d kills, BENCH301_TEST_SEED=%d", kills, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	w := newWorkers(t)
	w.workersStudy(40 + 20*kills)
	w.output("study run study.yaml --out alone")
	want, files := w.exported("alone"), w.files("alone")
	if err := os.Remove(w.log); err != nil {
		t.Fatal(err)
	}
	line := "study run study.yaml --out run -j 0 --listen " + w.address
	coordinator := w.start("coordinator", line)
	list := []*worker{w.work("worker0"), w.work("worker1"), w.work("worker2")}
	seen := map[string]time.Time{} // when a score of the program was seen on the disk first
	note := func() {
		r, err := study.Open(filepath.Join(w.dir, "run"))
		if err != nil {
			return // not begun
		}
		defer r.Close()
		now := time.Now()
		for rec, err := range r.Store.All() {
			if err != nil {
				t.Fatal(err)
			}
			if key := fmt.Sprint(rec.ID, " ", rec.Seed); rec.Estimator == "logged" && seen[key].IsZero() {
				seen[key] = now
			}
		}
	}
	for note(); len(seen) == 0 && !coordinator.over(); note() {
		time.Sleep(10 * time.Millisecond)
	}
	done := 0
	for ; done < kills && !coordinator.over(); done++ {
		time.Sleep(time.Duration(200+random.IntN(1500)) * time.Millisecond)
		if i := random.IntN(len(list) + 1); i < len(list) {
			list[i].kill()
			list[i] = w.work(fmt.Sprint("worker", i))
		} else {
			coordinator.kill()
			if _, err := os.Stat(filepath.Join(w.dir, "run", "manifest.json")); err == nil {
				line = "study resume run -j 0 --listen " + w.address
			}
			note()
			coordinator = w.start("coordinator", line)
		}
		note()
	}
	if status := w.wait(coordinator); status != 0 {
		t.Fatalf("exit status %d: %s", status, w.words(coordinator))
	}
	if done < kills {
		t.Errorf("over after %d kills", done)
	}
	if got := w.exported("run"); got != want {
		t.Error("other bytes")
	}
	if got := w.files("run"); !slices.Equal(got, files) {
		t.Errorf("the folder has %v, want %v", got, files)
	}
	text, err := os.ReadFile(w.log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		at, _ := strconv.ParseInt(f[2], 10, 64)
		key := f[0] + " " + f[1]
		if on := seen[key]; !on.IsZero() && time.Unix(at, 0).After(on.Add(3*time.Second)) { // it had begun
			t.Errorf("%s was scored again %v after it was on the disk", key, time.Unix(at, 0).Sub(on))
		}
	}
	t.Logf("%d scores were on the disk at a kill, %d were made more often than once", len(seen),
		strings.Count(string(text), "\n")-2*(40+20*kills))
}

// natsServer is a NATS server of a laboratory: nats-server ADDRESS FOLDER [BYTES|none [TOKEN]], where BYTES bound the
// files of JetStream and none leaves it out.
func natsServer() {
	host, port, _ := net.SplitHostPort(os.Args[1])
	o := &server.Options{Host: host, JetStream: true, StoreDir: os.Args[2], NoLog: true}
	o.Port, _ = strconv.Atoi(port)
	if len(os.Args) > 3 && os.Args[3] == "none" {
		o.JetStream = false
	} else if len(os.Args) > 3 {
		o.JetStreamMaxStore, _ = strconv.ParseInt(os.Args[3], 10, 64)
	}
	if len(os.Args) > 4 {
		o.Authorization = os.Args[4]
	}
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.Start()
	s.WaitForShutdown()
}

// serve starts a NATS server of a laboratory.
func (w *workers) serve(args ...string) *worker {
	w.Helper()
	path := filepath.Join(w.dir, "nats-server")
	if err := os.Symlink(w.bin, path); err != nil && !errors.Is(err, fs.ErrExist) {
		w.Fatal(err)
	}
	p := &worker{Cmd: exec.Command(path, append([]string{w.address, filepath.Join(w.dir, "nats")}, args...)...),
		said: filepath.Join(w.dir, "server.said"), ended: make(chan error, 1)}
	if err := p.Start(); err != nil {
		w.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	w.running = append(w.running, p)
	for range 500 {
		if c, err := net.Dial("tcp", w.address); err == nil {
			_ = c.Close()
			return p
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.Fatal("no server")
	return nil
}

// TestKilledServer kills a server that runs on its own, and once takes its files away, and stops the coordinator for
// some seconds: run and workers go on.
func TestKilledServer(t *testing.T) {
	w := newWorkers(t)
	w.workersStudy(150)
	w.output("study run study.yaml --out alone")
	want := w.exported("alone")
	list := []*worker{w.work("worker0"), w.work("worker1")} // before there is a server
	w.hear(list[0], "nobody answers yet")
	s := w.serve()
	c := w.start("coordinator", "study run study.yaml --out run -j 0 --nats nats://"+w.address)
	have := 0
	for kill := range 3 {
		for n := saved(t, filepath.Join(w.dir, "run")); n < have+100 && !c.over(); n = saved(t, filepath.Join(w.dir, "run")) {
			time.Sleep(10 * time.Millisecond)
		}
		have = saved(t, filepath.Join(w.dir, "run"))
		s.kill()
		if kill == 1 {
			if err := os.RemoveAll(filepath.Join(w.dir, "nats")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(500 * time.Millisecond)
		s = w.serve()
	}
	_ = c.Process.Signal(syscall.SIGSTOP)
	time.Sleep(3 * time.Second)
	_ = c.Process.Signal(syscall.SIGCONT)
	if status := w.wait(c); status != 0 {
		t.Fatalf("exit status %d: %s", status, w.words(c))
	}
	if have >= strings.Count(want, "\n")-1 {
		t.Error("the server was not killed in the middle of the run")
	}
	if w.exported("run") != want {
		t.Error("other bytes")
	}
}

// TestFaultsOfServers is what is said of servers that are of no use. Nothing of the run is lost: it goes on without.
func TestFaultsOfServers(t *testing.T) {
	w := newWorkers(t)
	w.workersStudy(10)
	w.write("token", "a-token-of-sixteen-characters")
	w.write("wrong", "another-token-of-sixteen-chars")
	run := "study run study.yaml -j 1 --out run --nats nats://" + w.address
	say := func(what, line string) {
		t.Helper()
		cmd := w.command("fault", line)
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), what) {
			t.Errorf("%s: exit status %d, want %q: %s", line, cmd.ProcessState.ExitCode(), what, out)
		}
	}
	say("no NATS server answers there", run)
	say("must be like nats://host:4222", "study resume run --nats http://"+w.address)
	say("must be like nats://host:4222", "worker http://"+w.address)
	s := w.serve("none")
	say("the server has no JetStream", run)
	p := w.work("lost")
	w.hear(p, "JetStream")
	p.kill()
	s.kill()
	s = w.serve("1000")
	say("the server has no room for the run", run)
	s.kill()
	run = strings.Replace(run, "run study.yaml -j 1 --out run", "resume run -j 1", 1)
	s = w.serve("1000000000", "a-token-of-sixteen-characters")
	for _, flags := range []string{"", " --token-file wrong"} {
		say("refused the credentials", run+flags)
		say("refused the credentials", "worker nats://"+w.address+flags)
	}
	say("token-file", run+" --token-file none")
	w.write("file", "")
	say("file", "worker nats://"+w.address+" --token-file token --cache file")
	waiting := w.start("waiting", strings.Replace(run, "-j 1", "-j 0", 1)+" --token-file token")
	for range 500 {
		if _, err := os.Stat(filepath.Join(w.dir, "run", "cluster", "status.json")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	say("another process is writing this file", run+" --token-file token")
	waiting.kill()
	w.output(run + " --token-file token")
	s.kill()
	w.output("study run study.yaml --out alone")
	if w.exported("run") != w.exported("alone") {
		t.Error("other bytes")
	}
}

// TestStoppedCoordinator ends a coordinator by Ctrl-C and SIGTERM: the run goes on by one machine, or by workers again.
func TestStoppedCoordinator(t *testing.T) {
	w := newWorkers(t)
	w.workersStudy(100)
	w.output("study run study.yaml --out alone")
	p := w.work("worker")
	c := w.start("first", "study run study.yaml --out run -j 0 --listen "+w.address)
	for saved(t, filepath.Join(w.dir, "run")) < 130 && !c.over() {
		time.Sleep(10 * time.Millisecond)
	}
	if status := w.stop(c, syscall.SIGINT); status != 130 || !strings.Contains(w.words(c), "saved; go on with") {
		t.Errorf("exit status %d: %s", status, w.words(c))
	}
	have := saved(t, filepath.Join(w.dir, "run"))
	c = w.start("second", "study resume run -j 0 --listen "+w.address)
	for saved(t, filepath.Join(w.dir, "run")) < have+100 && !c.over() {
		time.Sleep(10 * time.Millisecond)
	}
	if status := w.stop(c, syscall.SIGTERM); status != 143 {
		t.Errorf("exit status %d: %s", status, w.words(c))
	}
	if status := w.stop(p, syscall.SIGTERM); status != 143 {
		t.Errorf("exit status %d: %s", status, w.words(p))
	}
	w.output("study resume run")
	if w.exported("run") != w.exported("alone") {
		t.Error("other bytes")
	}
	if got, want := w.files("run"), w.files("alone"); !slices.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}
}

// TestWorkersWithoutPrograms refuse a study that would start some, and say which.
func TestWorkersWithoutPrograms(t *testing.T) {
	w := newWorkers(t)
	w.workersStudy(10)
	p := w.start("careful", "worker nats://"+w.address+" -j 1")
	c := w.start("coordinator", "study run study.yaml --out run -j 0 --listen "+w.address)
	w.hear(p, "it would start programs, as you (--allow-commands starts them): ")
	w.hear(p, "logged: sh logged.sh (in the cache)")
	allowed := w.work("allowed")
	if status := w.wait(c); status != 0 {
		t.Fatalf("exit status %d: %s", status, w.words(c))
	}
	w.hear(allowed, "starts logged: sh logged.sh (in the cache)")
}

// TestImagesOfWorkers come through the server into the cache, and again where the cache has them damaged.
func TestImagesOfWorkers(t *testing.T) {
	w := newWorkers(t)
	for class := range 2 {
		for i := range 40 {
			img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
			for k := range img.Pix {
				img.Pix[k] = uint8(k*(i+3)*(class+1)) | 3
			}
			var text bytes.Buffer
			if err := png.Encode(&text, img); err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"train", "val"} {
				path := filepath.Join(w.dir, "images", part, fmt.Sprint("class", class), fmt.Sprint(i, ".png"))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	w.write("study.yaml", `name: images
architectures: {sample: 12}
accuracy: none
dataset: {name: folder, path: images}
estimators:
  - {name: featstd, settings: {train_images: 20, batch: 10, channels: 4, layers: 5, resolution: 16}}
  - {name: early-stop, settings: {at: 1, train_images: 40, val_images: 20, batch: 10, channels: 4, layers: 3, resolution: 8}}
`)
	w.output("study run study.yaml --out alone")
	for _, dir := range []string{"first", "damaged"} {
		p := w.work("worker")
		c := w.start("coordinator"+dir, fmt.Sprintf("study run study.yaml --out %s -j 0 --listen %s", dir, w.address))
		if status := w.wait(c); status != 0 {
			t.Fatalf("exit status %d: %s", status, w.words(c))
		}
		p.kill()
		if w.exported(dir) != w.exported("alone") {
			t.Errorf("%s: other bytes", dir)
		}
		list, _ := filepath.Glob(filepath.Join(w.dir, "cache-worker", "worker", "images", "*"))
		if len(list) != 1 {
			t.Fatalf("the cache has %v", list)
		}
		if err := os.WriteFile(list[0], []byte("damaged"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledSearchesOfWorkers kills the coordinator and the worker of a study over searches, in the searches and after:
// the searches and the study end as they do alone.
func TestKilledSearchesOfWorkers(t *testing.T) {
	w := newWorkers(t)
	w.write("searches.yaml", "name: few\npopulation: 8\ngenerations: 6\nseeds: 1..2\nmethods:\n"+
		"  - {name: a, algorithm: nsga2, objectives: [\"rwe-ridge:resolution=16,train_images=100,val_images=100\", macs]}\n")
	w.write("study.yaml", "name: over\narchitectures: {search: searches.yaml, of: both}\nestimators: [params, macs, "+
		"{name: rwe-ridge, settings: {resolution: 8, train_images: 100, val_images: 100}}]\n")
	w.output("study run study.yaml --out alone")
	p := w.work("worker")
	line := "study run study.yaml --out run -j 0 --listen " + w.address
	kills, done := 4, false
	var c *worker
	for kill := 0; !done; kill++ {
		if kill > 0 {
			line = "study resume run -j 0 --listen " + w.address
		}
		c = w.start("coordinator", line)
		if kill >= kills {
			break
		}
		if kill == 0 {
			w.hear(c, "searching into")
		}
		time.Sleep(3 * time.Second)
		if done = c.over(); done {
			break
		}
		c.kill()
		if kill%2 == 1 {
			p.kill()
			p = w.work("worker")
		}
	}
	if status := w.wait(c); status != 0 {
		t.Fatalf("exit status %d: %s", status, w.words(c))
	}
	if w.exported("run") != w.exported("alone") {
		t.Error("other bytes")
	}
	if got, want := w.files("run"), w.files("alone"); !slices.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}

	w.output("search searches.yaml --out search-alone")
	c = w.start("searcher", "search searches.yaml --out search -j 0 --listen "+w.address)
	w.hear(c, "workers join by")
	time.Sleep(2 * time.Second)
	c.kill()
	c = w.start("searcher", "search resume search -j 0 --listen "+w.address)
	if status := w.wait(c); status != 0 {
		t.Fatalf("exit status %d: %s", status, w.words(c))
	}
	for _, name := range []string{"runs.csv", "fronts.csv", "summary.md"} {
		a, errA := os.ReadFile(filepath.Join(w.dir, "search-alone", "report", name))
		b, errB := os.ReadFile(filepath.Join(w.dir, "search", "report", name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v %v)", name, errA, errB)
		}
	}
}
