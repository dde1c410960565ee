//go:build !unix

package process

// Used returns the usage so far; ok is false where the system does not tell.
func Used() (u Usage, ok bool) { return u, false }
