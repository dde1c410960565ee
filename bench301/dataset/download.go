package dataset

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"rwe301/internal/download"
)

// Progress hears how much of a total is done.
type Progress func(done, total int64)

// archive is a file of known size and checksum on a web server.
type archive struct {
	download.File
	md5 string // hex
}

// fetch brings the archive to path, continuing what an earlier run left there. A file with another checksum is removed;
// it is fetched once more from the start when a part of it was there before, which may have been another file's.
func (a archive) fetch(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	resumed := err == nil && info.Size() > 0
	if err := a.Run(ctx, path); err != nil {
		return err
	}
	sum, err := checksum(ctx, path)
	if err != nil || sum == a.md5 {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	if resumed {
		return a.fetch(ctx, path)
	}
	return fmt.Errorf("%s: MD5 %s, not %s: damaged on the way, or another file; it was removed", a.URL, sum, a.md5)
}

// checksum is the MD5 of a file in hex.
func checksum(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
