package network

// Executor64 runs a plan in float64.
type Executor64 = Machine[float64]

// NewExecutor64 returns an executor of a plan in float64.
func NewExecutor64(p *Plan, o Options) (*Executor64, error) { return newMachine[float64](p, o) }

// NewExecutor returns an executor of a plan in float32.
func NewExecutor(p *Plan, o Options) (*Executor, error) { return newFused(p, o) }

// Both executors are Runners.
var (
	_ Runner[float32] = (*Executor)(nil)
	_ Runner[float64] = (*Executor64)(nil)
)
