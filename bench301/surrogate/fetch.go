package surrogate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rwe301/internal/atomicfile"
)

// Published are the archives of NAS-Bench-301's models, by version.
var Published = map[string]string{
	"0.9": "https://ndownloader.figshare.com/files/24693026",
	"1.0": "https://ndownloader.figshare.com/files/24992018",
}

// maxArchive bounds a download.
const maxArchive = 16 << 30

// Fetch brings an archive from a web server. Upstream publishes no checksums: the SHA-256 is written beside the archive when
// it is first seen, and a later download must have the same.
type Fetch struct {
	URL      string
	Path     string                  // of the archive; its folder must exist
	Progress func(done, total int64) // may be nil; total is -1 where the server does not say
	Pause    time.Duration           // before a second try, doubled each time; 0 means a second
}

const (
	fetchTries = 4                // connections in a row that may bring nothing
	fetchStall = 30 * time.Second // silence after which a connection counts as cut
)

var errSilent = errors.New("the connection fell silent")

// errFinal marks an answer that will not change when asked again.
type errFinal struct{ error }

// Run downloads, continuing what an earlier run left, and returns the archive's SHA-256. What is there already is only
// checked.
func (f Fetch) Run(ctx context.Context) (sum string, err error) {
	if _, err := os.Stat(f.Path); err == nil {
		return f.check(ctx, f.Path)
	}
	part := f.Path + ".part"
	first := f.Pause
	if first == 0 {
		first = time.Second
	}
	pause := first
	for try := 1; ; try++ {
		before := sizeOf(part)
		if err = f.more(ctx, part); err == nil {
			break
		}
		if sizeOf(part) > before {
			try, pause = 1, first // it goes on
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if errors.As(err, new(errFinal)) || try == fetchTries {
			return "", fmt.Errorf("%s: %w (what came is kept: run again to continue)", f.URL, err)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
	if sum, err = f.check(ctx, part); err != nil {
		return "", err
	}
	_ = os.Remove(part + ".tag")
	return sum, os.Rename(part, f.Path)
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// check compares the file's checksum with the recorded one, or records it.
func (f Fetch) check(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for err == nil {
		var n int
		n, err = file.Read(buf)
		h.Write(buf[:n])
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	if err != io.EOF {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	record := f.Path + ".sha256"
	known, err := os.ReadFile(record)
	if errors.Is(err, fs.ErrNotExist) {
		return sum, atomicfile.WriteBytes(record, []byte(sum+"  "+filepath.Base(f.Path)+"\n"))
	}
	if err != nil {
		return "", err
	}
	if want, _, _ := strings.Cut(string(known), " "); want != sum {
		return "", fmt.Errorf("%s: SHA-256 %s, but when it was first seen %s (%s): another file, or damaged; remove both to take it as it is now", path, sum, want, record)
	}
	return sum, nil
}

// more asks for what is still missing of the partial file.
func (f Fetch) more(ctx context.Context, part string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return errFinal{err}
	}
	defer out.Close()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return errFinal{err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return errFinal{err}
	}
	// A part may only be continued when the server still has the same file.
	tag, _ := os.ReadFile(part + ".tag")
	if have > 0 && len(tag) > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		request.Header.Set("If-Range", string(tag))
	}
	watch := time.AfterFunc(fetchStall, func() { cancel(errSilent) })
	defer watch.Stop()
	response, err := fetchClient().Do(request)
	if err != nil {
		return cause(ctx, err)
	}
	defer response.Body.Close()
	total := int64(-1)
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		have, total = 0, response.ContentLength
	case code == http.StatusPartialContent:
		prefix, size, _ := strings.Cut(response.Header.Get("Content-Range"), "/")
		total, err = strconv.ParseInt(size, 10, 64)
		if err != nil || !strings.HasPrefix(prefix, fmt.Sprintf("bytes %d-", have)) {
			return errFinal{fmt.Errorf("asked for the bytes from %d, the server sent %q", have, response.Header.Get("Content-Range"))}
		}
	case code == http.StatusRequestedRangeNotSatisfiable:
		_ = os.Remove(part + ".tag") // next time from the start
		return fmt.Errorf("the server answers %s", response.Status)
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return fmt.Errorf("the server answers %s", response.Status)
	default:
		return errFinal{fmt.Errorf("the server answers %s", response.Status)}
	}
	if total > maxArchive {
		return errFinal{fmt.Errorf("%d bytes: more than %d", total, int64(maxArchive))}
	}
	if err := os.WriteFile(part+".tag", []byte(validator(response)), 0o644); err != nil {
		return errFinal{err}
	}
	if err := out.Truncate(have); err != nil {
		return errFinal{err}
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return errFinal{err}
	}
	return f.copy(ctx, out, response.Body, have, total, watch)
}

// copy appends the body to the partial file.
func (f Fetch) copy(ctx context.Context, out io.Writer, body io.Reader, have, total int64, watch *time.Timer) error {
	buf := make([]byte, 1<<18)
	for {
		n, err := body.Read(buf)
		watch.Reset(fetchStall)
		if have += int64(n); have > maxArchive {
			return errFinal{fmt.Errorf("more than %d bytes", int64(maxArchive))}
		}
		if _, werr := out.Write(buf[:n]); werr != nil {
			return errFinal{werr}
		}
		if f.Progress != nil && n > 0 {
			f.Progress(have, total)
		}
		switch {
		case err == io.EOF && (total < 0 || have == total):
			return nil
		case err == io.EOF:
			return fmt.Errorf("the connection was cut after %d of %d bytes", have, total)
		case err != nil:
			return fmt.Errorf("the connection was cut after %d bytes: %w", have, cause(ctx, err))
		}
	}
}

// validator identifies the server's version of the file.
func validator(r *http.Response) string {
	if tag := r.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return r.Header.Get("Last-Modified")
}

// cause replaces the error of a connection that was given up.
func cause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

func fetchClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() // keeps the proxy settings of the environment
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second}).DialContext
	transport.DisableCompression = true
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}
