// Bench301 tells whether a cheap estimate of an architecture's accuracy can be trusted: it samples architectures of the
// DARTS space, scores them with Random-Weight Evaluation and other estimators, and compares the scores with the
// accuracies of NAS-Bench-301. Run it without arguments for the list of commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
