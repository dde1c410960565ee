package download

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// Sums identify the bytes of a file, in lower-case hex.
type Sums struct {
	SHA256 string
	Blob   string // the id that git gives them: the SHA-1 of "blob ", their number, a zero byte and the bytes
}

// The lengths of sums in hex.
const (
	sha256Digits = 2 * sha256.Size
	blobDigits   = 2 * sha1.Size
)

// Validate says which sum is not one; "" is none.
func (s Sums) Validate() error {
	for _, sum := range []struct {
		name, value string
		digits      int
	}{{"SHA-256", s.SHA256, sha256Digits}, {"blob id", s.Blob, blobDigits}} {
		if sum.value == "" {
			continue
		}
		if _, err := hex.DecodeString(sum.value); err != nil || len(sum.value) != sum.digits {
			return fmt.Errorf("%s %q: must be %d hexadecimal digits", sum.name, sum.value, sum.digits)
		}
	}
	return nil
}

// Check compares with the sums that are wanted, of which "" is none. The error has both values.
func (s Sums) Check(path string, want Sums) error {
	if err := want.Validate(); err != nil {
		return err
	}
	for _, sum := range []struct{ name, got, want string }{
		{"SHA-256", s.SHA256, want.SHA256}, {"git blob id", s.Blob, want.Blob},
	} {
		if sum.want != "" && !strings.EqualFold(sum.got, sum.want) {
			return fmt.Errorf("%s: its %s is %s, not %s: another file, or damaged", path, sum.name, sum.got,
				strings.ToLower(sum.want))
		}
	}
	return nil
}

// Sum reads a file and returns its sums. A file that grows or shrinks meanwhile is an error.
func Sum(ctx context.Context, path string) (Sums, error) {
	f, err := os.Open(path)
	if err != nil {
		return Sums{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Sums{}, err
	}
	if !info.Mode().IsRegular() {
		return Sums{}, fmt.Errorf("%s: not a file: only a file has a checksum", path)
	}
	blob, whole := sha1.New(), sha256.New()
	fmt.Fprintf(blob, "blob %d\x00", info.Size())
	n, buf := int64(0), make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return Sums{}, err
		}
		k, err := f.Read(buf)
		blob.Write(buf[:k])
		whole.Write(buf[:k])
		n += int64(k)
		if err == io.EOF {
			break
		}
		if err != nil {
			return Sums{}, err
		}
	}
	if n != info.Size() {
		return Sums{}, fmt.Errorf("%s: had %d bytes and then %d: it is being written", path, info.Size(), n)
	}
	return Sums{SHA256: hex.EncodeToString(whole.Sum(nil)), Blob: hex.EncodeToString(blob.Sum(nil))}, nil
}
