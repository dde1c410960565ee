// Package gin computes NAS-Bench-301's graph network (gnn_gin): graph isomorphism convolutions with edge attributes and
// a virtual node, in evaluation mode and in float64.
package gin

import (
	"math"
	"sync"

	"rwe301/bench301"
)

// Config is what the network's shape and graphs depend on.
type Config struct {
	Hidden     int  `json:"hidden"` // width of the embeddings
	Layers     int  `json:"layers"`
	Undirected bool `json:"undirected"`
	SelfLoops  bool `json:"self_loops"`
}

// Limits of a configuration.
const (
	MaxHidden = 4096
	MaxLayers = 256
)

// Sizes of the embedding tables.
const (
	kinds   = 4 // of nodes
	degrees = 8
	attrs   = 8 // of edges
)

// Network is a network with its weights. It is safe for concurrent use.
type Network struct {
	config        Config
	kind, degree  []float64 // kinds x D and degrees x D
	virtual       []float64 // D
	convs         []convolution
	virtualLayers []perceptron // Layers-1
	out           dense        // D -> 1
	pool          sync.Pool
}

// convolution is one message-passing layer.
type convolution struct {
	onePlusEps float64
	attr       []float64 // attrs x D
	mlp        perceptron
}

// perceptron is Linear(D, 2D), BatchNorm, ReLU, Linear(2D, D), BatchNorm. The normalisations of evaluation mode are
// affine maps per channel.
type perceptron struct {
	up    dense
	norm1 affine
	down  dense
	norm2 affine
}

// dense is a linear layer: weight is out x in.
type dense struct{ weight, bias []float64 }

// affine is x -> (x - mean) * scale + shift.
type affine struct{ mean, scale, shift []float64 }

// workspace is the memory of one prediction.
type workspace struct {
	h, sum, z   []float64 // graphSize x D
	virtual, in []float64 // D
	hidden      []float64 // 2D
}

// Predict returns the accuracy in percent.
func (n *Network) Predict(g bench301.Genotype) float64 {
	w, _ := n.pool.Get().(*workspace)
	D := n.config.Hidden
	if w == nil {
		w = &workspace{make([]float64, graphSize*D), make([]float64, graphSize*D), make([]float64, graphSize*D),
			make([]float64, D), make([]float64, D), make([]float64, 2*D)}
	}
	defer n.pool.Put(w)
	return 100 / (1 + math.Exp(-n.logit(encode(g, n.config.Undirected, n.config.SelfLoops), w, nil)))
}

// trace sees a layer's inputs, outputs and the virtual node behind it.
type trace func(layer int, in, out, virtual []float64)

func (n *Network) logit(g *graph, w *workspace, see trace) float64 {
	D := n.config.Hidden
	for i := range graphSize {
		for d := range D {
			w.h[i*D+d] = n.kind[g.kind[i]*D+d] + n.degree[g.degree[i]*D+d]
		}
	}
	copy(w.virtual, n.virtual)
	for l := range n.convs {
		for i := range graphSize {
			add(w.h[i*D:(i+1)*D], w.virtual)
		}
		n.convs[l].apply(g, w, D)
		if l < len(n.convs)-1 {
			relu(w.z)
			copy(w.in, w.virtual)
			for i := range graphSize {
				add(w.in, w.h[i*D:(i+1)*D])
			}
			n.virtualLayers[l].apply(w.in, w.hidden, w.virtual)
			relu(w.virtual)
		}
		if see != nil {
			see(l, w.h, w.z, w.virtual)
		}
		w.h, w.z = w.z, w.h
	}
	clear(w.in)
	for i := range graphSize {
		add(w.in, w.h[i*D:(i+1)*D])
	}
	for d := range w.in {
		w.in[d] /= graphSize
	}
	var logit [1]float64
	n.out.apply(w.in, logit[:])
	return logit[0]
}

// apply computes mlp((1 + eps) h + the sum of relu(h[from] + attribute) over the incoming edges) into w.z.
func (c *convolution) apply(g *graph, w *workspace, D int) {
	clear(w.sum)
	for _, e := range g.edges {
		from, attr, to := w.h[e.from*D:(e.from+1)*D], c.attr[e.attr*D:(e.attr+1)*D], w.sum[e.to*D:(e.to+1)*D]
		for d, v := range from {
			if m := v + attr[d]; m > 0 {
				to[d] += m
			}
		}
	}
	for i := range graphSize {
		sum := w.sum[i*D : (i+1)*D]
		for d, v := range w.h[i*D : (i+1)*D] {
			sum[d] += float64(c.onePlusEps * v)
		}
		c.mlp.apply(sum, w.hidden, w.z[i*D:(i+1)*D])
	}
}

func (p *perceptron) apply(in, hidden, out []float64) {
	p.up.apply(in, hidden)
	p.norm1.apply(hidden)
	relu(hidden)
	p.down.apply(hidden, out)
	p.norm2.apply(out)
}

func (l *dense) apply(in, out []float64) {
	n := len(in)
	o := 0
	for ; o+4 <= len(out); o += 4 {
		// Four rows side by side hide the latency of the additions and share the input.
		w := l.weight[o*n : (o+4)*n]
		w0, w1, w2, w3 := w[:n], w[n:][:n], w[2*n:][:n], w[3*n:][:n]
		var a, b, c, d float64
		for k, v := range in {
			a += float64(v * w0[k])
			b += float64(v * w1[k])
			c += float64(v * w2[k])
			d += float64(v * w3[k])
		}
		out[o], out[o+1], out[o+2], out[o+3] = a+l.bias[o], b+l.bias[o+1], c+l.bias[o+2], d+l.bias[o+3]
	}
	for ; o < len(out); o++ {
		w := l.weight[o*n:][:n]
		var a float64
		for k, v := range in {
			a += float64(v * w[k])
		}
		out[o] = a + l.bias[o]
	}
}

func (n *affine) apply(x []float64) {
	for i := range x {
		x[i] = float64((x[i]-n.mean[i])*n.scale[i]) + n.shift[i]
	}
}

func add(to, from []float64) {
	for i, v := range from {
		to[i] += v
	}
}

func relu(x []float64) {
	for i, v := range x {
		if !(v > 0) {
			x[i] = 0
		}
	}
}
