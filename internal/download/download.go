// Package download brings files from web servers and continues downloads that were cut.
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// File is a file on a web server.
type File struct {
	URL      string
	Size     int64                   // in bytes; 0 when it is not known, and then at most Max
	Max      int64                   // bound on a size that is not known
	Progress func(done, total int64) // may be nil; total is -1 where nobody knows it

	Tries int           // connections in a row that may bring nothing; 0 means 3
	Pause time.Duration // before the second of them, doubled before each further one; 0 means a second
	Stall time.Duration // silence after which a connection counts as cut; 0 means half a minute
}

var errSilent = errors.New("the connection fell silent")

// permanent is an answer that will not change when asked again.
type permanent struct{ error }

// Run brings the file to path. It continues what an earlier run left there, and a connection that was cut; what came so
// far stays in path when it fails. A file of unknown size is continued only if the server says that it is still the
// same one, by a note kept in path.tag meanwhile. A continued file of known size is the caller's to check.
func (f File) Run(ctx context.Context, path string) error {
	if f.Tries == 0 {
		f.Tries = 3
	}
	if f.Pause == 0 {
		f.Pause = time.Second
	}
	if f.Stall == 0 {
		f.Stall = 30 * time.Second
	}
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if f.Size > 0 && have >= f.Size {
		return nil
	}
	failures, pause := 0, f.Pause
	for {
		before := have
		have, err = f.more(ctx, out, path+".tag", have)
		if err == nil {
			_ = os.Remove(path + ".tag")
			return out.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.As(err, new(permanent)) {
			return fmt.Errorf("%s: %w", f.URL, err)
		}
		if have > before {
			failures, pause = 0, f.Pause
		}
		if failures++; failures >= f.Tries {
			if have > 0 {
				err = fmt.Errorf("%w (%d bytes are there; run again to continue)", err, have)
			}
			return fmt.Errorf("%s: %w", f.URL, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// more asks for the bytes from have on, appends them to out, and returns how many there are then; the error is nil when
// the file is whole.
func (f File) more(ctx context.Context, out *os.File, tagPath string, have int64) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return have, permanent{err}
	}
	if scheme := request.URL.Scheme; scheme != "http" && scheme != "https" {
		return have, permanent{errors.New("only http and https addresses can be fetched")}
	}
	tag, _ := os.ReadFile(tagPath)
	if have > 0 && (f.Size > 0 || len(tag) > 0) {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if len(tag) > 0 {
			request.Header.Set("If-Range", string(tag))
		}
	}
	watch := time.AfterFunc(f.Stall, func() { cancel(errSilent) })
	defer watch.Stop()
	response, err := client().Do(request)
	if err != nil {
		return have, cause(ctx, err)
	}
	defer response.Body.Close()
	from, total, err := f.answer(response, have)
	if err != nil {
		if response.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			_ = os.Remove(tagPath) // next time from the start
		}
		return have, err
	}
	if f.Size == 0 {
		if err := os.WriteFile(tagPath, []byte(validator(response)), 0o666); err != nil {
			return have, permanent{err}
		}
	}
	if err := out.Truncate(from); err != nil {
		return have, permanent{err}
	}
	if _, err := out.Seek(from, io.SeekStart); err != nil {
		return have, permanent{err}
	}
	return f.copy(ctx, out, response.Body, from, total, watch)
}

// answer says from which byte on the server sends, and how many bytes the file has, -1 when it does not say.
func (f File) answer(response *http.Response, have int64) (from, total int64, err error) {
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		from, total = 0, response.ContentLength
	case code == http.StatusPartialContent:
		header := response.Header.Get("Content-Range")
		first, size, _ := strings.Cut(header, "/")
		if total, err = strconv.ParseInt(size, 10, 64); err != nil ||
			!strings.HasPrefix(first, fmt.Sprintf("bytes %d-", have)) {
			return 0, 0, permanent{fmt.Errorf("asked for the bytes from %d on, the server sent %q", have, header)}
		}
		from = have
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return 0, 0, fmt.Errorf("the server answers %s", response.Status)
	default:
		return 0, 0, permanent{fmt.Errorf("the server answers %s", response.Status)}
	}
	switch {
	case f.Size > 0 && total >= 0 && total != f.Size:
		return 0, 0, permanent{fmt.Errorf("the file has %d bytes, not %d: it is another file", total, f.Size)}
	case f.Size > 0:
		total = f.Size
	case total > f.Max:
		return 0, 0, permanent{fmt.Errorf("%d bytes: more than %d", total, f.Max)}
	}
	return from, total, nil
}

// copy appends the body to the file.
func (f File) copy(ctx context.Context, out io.Writer, body io.Reader, have, total int64,
	watch *time.Timer) (int64, error) {
	limit := total
	if total < 0 {
		limit = f.Max
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := body.Read(buf)
		watch.Reset(f.Stall)
		if have+int64(n) > limit {
			return have, permanent{fmt.Errorf("more than %d bytes", limit)}
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return have, permanent{err}
		}
		have += int64(n)
		if f.Progress != nil && n > 0 {
			f.Progress(have, total)
		}
		switch {
		case have == total || err == io.EOF && total < 0:
			return have, nil
		case err != nil:
			return have, fmt.Errorf("the connection was cut: %w", cause(ctx, err))
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

// cause replaces the error of a connection that was given up, and takes the address off others.
func cause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	if named := new(url.Error); errors.As(err, &named) {
		return named.Err
	}
	return err
}

func client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() // keeps the proxy settings of the environment
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second}).DialContext
	transport.DisableCompression = true
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}
