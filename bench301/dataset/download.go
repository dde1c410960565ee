package dataset

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Progress hears how many bytes of a total have come.
type Progress func(done, total int64)

// download is a file of known size and checksum on a web server.
type download struct {
	url  string
	size int64
	md5  string // hex

	tries int           // connections in a row that may bring nothing
	pause time.Duration // before the second of them; doubled before each further one
	stall time.Duration // silence after which a connection counts as cut
}

var errStalled = errors.New("the connection fell silent")

// run brings the file to path. It continues what an earlier run left in path, and a connection that was cut; what came
// so far stays in path when it fails, except when the content turns out to be wrong.
func (d download) run(ctx context.Context, path string, progress Progress) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	resumed := have > 0
	failures, pause := 0, d.pause
	for have < d.size {
		before := have
		have, err = d.more(ctx, f, have, progress)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		if permanent := new(permanentError); errors.As(err, &permanent) {
			return err
		}
		if have > before {
			failures, pause = 0, d.pause
		}
		if failures++; failures >= d.tries {
			if have > 0 {
				err = fmt.Errorf("%w (%d of %d bytes are there; run again to continue)", err, have, d.size)
			}
			return fmt.Errorf("%s: %w", d.url, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
	sum, err := checksum(ctx, f)
	if err != nil {
		return err
	}
	if sum == d.md5 && have == d.size {
		return f.Close()
	}
	f.Close()
	if err := os.Remove(path); err != nil {
		return err
	}
	if resumed { // the earlier part may have been another file
		return d.run(ctx, path, progress)
	}
	return fmt.Errorf("%s: MD5 %s, not %s: damaged on the way, or another file; it was removed", d.url, sum, d.md5)
}

// permanentError is an answer that will not change when asked again.
type permanentError struct{ error }

// more asks for the bytes from have on, appends them to f, and returns how many there are then.
func (d download) more(ctx context.Context, f *os.File, have int64, progress Progress) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return have, &permanentError{err}
	}
	if scheme := request.URL.Scheme; scheme != "http" && scheme != "https" {
		return have, &permanentError{fmt.Errorf("%s: only http and https addresses can be fetched", d.url)}
	}
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	watch := time.AfterFunc(d.stall, func() { cancel(errStalled) })
	defer watch.Stop()
	response, err := d.client().Do(request)
	if err != nil {
		return have, stalled(ctx, err)
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusPartialContent:
		if want := fmt.Sprintf("bytes %d-%d/%d", have, d.size-1, d.size); response.Header.Get("Content-Range") != want {
			return have, &permanentError{fmt.Errorf("%s: the server sent %q, not %q", d.url, response.Header.Get("Content-Range"), want)}
		}
	case code == http.StatusOK: // from the start
		if n := response.ContentLength; n >= 0 && n != d.size {
			return have, &permanentError{fmt.Errorf("%s: the file has %d bytes, not %d: it is another file", d.url, n, d.size)}
		}
		have = 0
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return have, fmt.Errorf("the server answers %s", response.Status)
	default:
		return have, &permanentError{fmt.Errorf("%s: the server answers %s", d.url, response.Status)}
	}
	if err := f.Truncate(have); err != nil {
		return have, &permanentError{err}
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return have, &permanentError{err}
	}
	buf := make([]byte, 1<<16)
	for have < d.size {
		n, err := response.Body.Read(buf[:min(int64(len(buf)), d.size-have)])
		watch.Reset(d.stall)
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return have, &permanentError{err}
			}
			have += int64(n)
			if progress != nil {
				progress(have, d.size)
			}
		}
		if err != nil && have < d.size {
			return have, fmt.Errorf("the connection was cut: %w", stalled(ctx, err))
		}
	}
	return have, nil
}

// stalled replaces the error of a connection that was given up, and takes the address off others.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	if named := new(url.Error); errors.As(err, &named) {
		return named.Err
	}
	return err
}

func (d download) client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() // keeps the proxy settings of the environment
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second}).DialContext
	transport.DisableCompression = true
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}

// checksum is the MD5 of a file in hex.
func checksum(ctx context.Context, f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := md5.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
