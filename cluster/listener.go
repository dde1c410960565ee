package cluster

import (
	"fmt"
	"sync"
)

// listener hears what a server of ours complains of.
type listener struct {
	mu   sync.Mutex
	text string
}

// last is the last complaint.
func (l *listener) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text
}

func (l *listener) keep(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = fmt.Sprintf(format, args...)
}

func (l *listener) Noticef(string, ...any)           {}
func (l *listener) Debugf(string, ...any)            {}
func (l *listener) Tracef(string, ...any)            {}
func (l *listener) Warnf(format string, args ...any) { l.keep(format, args...) }
func (l *listener) Errorf(format string, args ...any) {
	l.keep(format, args...)
}
func (l *listener) Fatalf(format string, args ...any) { l.keep(format, args...) }
