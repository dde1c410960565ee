package reference

import (
	"rwe301/estimators/inputs"
	"rwe301/internal/splitmix"
)

// stream is an inputs.Rand put together from functions.
type stream struct {
	normal func() float64
	below  func(n int) int
	order  func(n int) []int
}

func (s stream) NormFloat64() float64 { return s.normal() }

// Float64 is such that 2*Float64()-1 is the next number.
func (s stream) Float64() float64 { return (s.normal() + 1) / 2 }

// Uint64 has the next number's sign as its first bit: 1 is plus.
func (s stream) Uint64() uint64 {
	if s.normal() > 0 {
		return 1 << 63
	}
	return 0
}
func (s stream) IntN(n int) int   { return s.below(n) }
func (s stream) Perm(n int) []int { return s.order(n) }

// of yields the values of a list.
func of[T float32 | float64](list []T) func() float64 {
	k := -1
	return func() float64 { k++; return float64(list[k]) }
}

// Rand implements inputs.Source: in the order in which estimators draw, the numbers that the cases' programs draw,
// which go through images channel by channel.
func (c *Case) Rand(purpose string, parts ...any) inputs.Rand {
	switch purpose {
	case "zen weights", "swap weights":
		s := splitmix.New(c.Seeds["zen_params"])
		return stream{normal: func() float64 { return float64(s.Normal12()) }}
	case "zen images":
		return stream{normal: of(append(c.Normals("zen_input1", c.Batch, c.Resolution), c.Normals("zen_input2",
			c.Batch, c.Resolution)...))}
	case "noise images":
		return stream{normal: of(c.Normals("zen_input1", c.Batch, c.Resolution))}
	case "az-nas signs":
		return stream{normal: of(c.signs())}
	case "head":
		s := splitmix.New(c.Seeds["head"])
		return stream{normal: func() float64 { return float64(s.Symmetric()) }}
	case "order of the head's images":
		return stream{order: func(n int) []int {
			order := make([]int, n)
			for i := range order {
				order[i] = (7*i + 3*parts[1].(int)) % n
			}
			return order
		}}
	case "meco channels":
		s := splitmix.New(c.Seeds["aux3"])
		return stream{order: func(n int) []int { return shuffled(n, s) }}
	case "near windows":
		s := splitmix.New(c.Seeds["aux4"])
		return stream{below: func(n int) int { return int(s.Next() % uint64(n)) }}
	case "dextr":
		k := -1
		return stream{normal: of(c.plane()), below: func(int) int { k++; return c.Coordinates[k] }}
	}
	panic("reference: no case draws " + purpose)
}

// shuffled is a permutation of 0 to n-1 of which the first eight are drawn.
func shuffled(n int, s *splitmix.Stream) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	for j := range min(8, n) {
		k := j + int(s.Next()%uint64(n-j))
		list[j], list[k] = list[k], list[j]
	}
	return list
}

// signs are AZ-NAS's cotangents, from the last cell to the first.
func (c *Case) signs() (out []float64) {
	g, err := c.Graph(c.Resolution)
	if err != nil {
		panic(err) // a case whose network is none
	}
	s := splitmix.New(c.Seeds["aux1"])
	for k := len(g.Cells) - 1; k >= 0; k-- {
		cell := g.Nodes[g.Cells[k]]
		area := cell.H * cell.W
		r := make([]float64, c.Batch*area*cell.C)
		for i := range c.Batch {
			for channel := range cell.C {
				for p := range area {
					r[(i*area+p)*cell.C+channel] = -1
					if s.Next()>>63 == 1 {
						r[(i*area+p)*cell.C+channel] = 1
					}
				}
			}
		}
		out = append(out, r...)
	}
	return out
}

// plane are Dextr's two images, value by value of both.
func (c *Case) plane() []float32 {
	pairs, s := make([][2]float32, rgb*c.Resolution*c.Resolution), splitmix.New(c.Seeds["aux5"])
	for i := range pairs {
		pairs[i] = [2]float32{s.Normal12(), s.Normal12()}
	}
	var out []float32
	for _, p := range ChannelsLast(pairs, 1) {
		out = append(out, p[0], p[1])
	}
	return out
}
