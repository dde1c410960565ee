package surrogate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"rwe301/bench301/surrogate/internal/gin"
	"rwe301/bench301/surrogate/internal/lgb"
	"rwe301/bench301/surrogate/internal/torch"
	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/bench301/surrogate/internal/xgb"
	"rwe301/internal/pickle"
	"rwe301/internal/strictjson"
)

// The kinds of surrogates.
const (
	KindXGB = "xgb"
	KindLGB = "lgb"
	KindGIN = "gin"
)

// The units of surrogates.
const (
	Percent = "percent"
	Seconds = "seconds"
)

// maxModelBytes bounds a model file.
const maxModelBytes = 512 << 20

// Member says what one model of an ensemble is and where it came from.
type Member struct {
	Name    string `json:"name"`              // the folder or file that held it
	Format  string `json:"format"`            // e.g. "pickled snapshot"
	Version string `json:"version,omitempty"` // of the library that wrote it, where the file says so
	SHA256  string `json:"sha256"`            // of the original file
	Bytes   int    `json:"bytes"`             // of the original file
	Trees   int    `json:"trees,omitempty"`
	Nodes   int    `json:"nodes,omitempty"`
	Depth   int    `json:"depth,omitempty"`   // of the deepest tree
	Weights int    `json:"weights,omitempty"` // of a network
}

// model is a member with its numbers; exactly one of the last three is set.
type model struct {
	member Member
	xgb    *trees.Forest[float32]
	lgb    *trees.Forest[float64]
	gin    *network
}

// network is a graph network with the weights it was built from.
type network struct {
	config gin.Config
	values []float32
	net    *gin.Network
}

func (m *model) kind() string {
	switch {
	case m.xgb != nil:
		return KindXGB
	case m.lgb != nil:
		return KindLGB
	}
	return KindGIN
}

// modelConfig is the part of model_config.json that predictions depend on.
type modelConfig struct {
	Model      string `json:"model"`
	Hidden     *int   `json:"gnn_hidden_dimensions"`
	Layers     *int   `json:"num_gnn_layers"`
	Virtual    *bool  `json:"virtual_node"`
	Pooling    string `json:"graph_pooling"`
	Undirected bool   `json:"graph_preprocessing:undirected_graph"`
	SelfLoops  bool   `json:"graph_preprocessing:self_loops"`
	Bananas    bool   `json:"param:bananas_enc"`
}

// parseConfig reads model_config.json and says which kind and unit the model's name stands for.
func parseConfig(data []byte) (c modelConfig, kind, unit string, err error) {
	if err := strictjson.Unmarshal(data, &c); err != nil {
		return c, "", "", err
	}
	unit = Percent
	switch c.Model {
	case "xgb":
		kind = KindXGB
	case "xgb_time":
		kind, unit = KindXGB, Seconds
	case "lgb":
		kind = KindLGB
	case "lgb_time":
		kind, unit = KindLGB, Seconds
	case "gnn_gin":
		kind = KindGIN
	default:
		return c, "", "", fmt.Errorf("model %.40q: want xgb, xgb_time, lgb, lgb_time or gnn_gin", c.Model)
	}
	if c.Bananas {
		return c, "", "", fmt.Errorf("param:bananas_enc true: only models of the ConfigSpace vector can be read")
	}
	return c, kind, unit, nil
}

// network is the shape of a graph network.
func (c *modelConfig) network() (gin.Config, error) {
	switch {
	case c == nil:
		return gin.Config{}, fmt.Errorf("a graph network needs its model_config.json beside it")
	case c.Hidden == nil || c.Layers == nil:
		return gin.Config{}, fmt.Errorf("model_config.json lacks gnn_hidden_dimensions or num_gnn_layers")
	case c.Virtual != nil && !*c.Virtual:
		return gin.Config{}, fmt.Errorf("model_config.json: virtual_node false: want true")
	case c.Pooling != "" && c.Pooling != "mean":
		return gin.Config{}, fmt.Errorf("model_config.json: graph_pooling %.20q: want mean", c.Pooling)
	}
	return gin.Config{Hidden: *c.Hidden, Layers: *c.Layers, Undirected: c.Undirected, SelfLoops: c.SelfLoops}, nil
}

// parseModel reads a model file of any kind. The configuration may be nil, except for a graph network.
func parseModel(name string, data []byte, config *modelConfig) (*model, error) {
	m := &model{member: Member{Name: name, Bytes: len(data)}}
	sum := sha256.Sum256(data)
	m.member.SHA256 = hex.EncodeToString(sum[:])
	var err error
	switch {
	case len(data) == 0:
		err = fmt.Errorf("0 bytes: want a model")
	case packed(data) != "":
		err = fmt.Errorf("%s", packed(data))
	case torch.Is(data):
		err = m.parseGIN(data, config)
	case data[0] == 0x80:
		err = m.parsePickle(data)
	case lgb.Is(data):
		err = m.parseLGB(data, "text", 0)
	default:
		err = m.parseXGB(data, "")
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// packed says what a file is that holds a model in another wrapping, or beside it.
func packed(data []byte) string {
	const unpack = ": unpack it, and name what is inside"
	switch {
	case bytes.HasPrefix(data, []byte("\x00\x05\x16\x07")):
		return "what macOS notes about a file (AppleDouble): name the file itself, without ._"
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return "compressed by gzip" + unpack
	case bytes.HasPrefix(data, []byte("BZh")):
		return "compressed by bzip2" + unpack
	case bytes.HasPrefix(data, []byte("\xfd7zXZ\x00")):
		return "compressed by xz" + unpack
	case bytes.HasPrefix(data, []byte("7z\xbc\xaf\x27\x1c")):
		return "a 7z archive" + unpack
	case len(data) > 262 && bytes.Equal(data[257:262], []byte("ustar")):
		return "a tar archive" + unpack
	}
	return ""
}

// parsePickle reads a pickled Booster of XGBoost or LightGBM.
func (m *model) parsePickle(data []byte) error {
	v, end, err := pickle.Decode(data, 0)
	if err != nil {
		return fmt.Errorf("pickle: %w", err)
	}
	if end != len(data) {
		return fmt.Errorf("pickle: offset %d: %d bytes follow it", end, len(data)-end)
	}
	booster, ok := v.(*pickle.Object)
	if !ok || booster.Class.Name != "Booster" {
		return fmt.Errorf("pickle: a %s: want a Booster of xgboost or lightgbm%s", pickle.Kind(v), boosterOf(booster))
	}
	state, ok := booster.State.(*pickle.Dict)
	if !ok {
		return fmt.Errorf("pickle: state of %s: a %s: want a dict", booster.Class, pickle.Kind(booster.State))
	}
	handle, ok := state.Get("handle")
	if !ok {
		handle, ok = state.Get("_handle") // LightGBM since 4.0
	}
	if !ok {
		return fmt.Errorf("pickle: %s without a handle", booster.Class)
	}
	switch booster.Class.Module {
	case "xgboost.core":
		raw, err := pickle.Bytes(handle)
		if err != nil {
			return fmt.Errorf("pickle: handle of %s: %w", booster.Class, err)
		}
		return m.parseXGB(raw, "pickled ")
	case "lightgbm.basic":
		text, ok := handle.(string)
		if !ok {
			return fmt.Errorf("pickle: handle of %s: a %s: want text", booster.Class, pickle.Kind(handle))
		}
		best, err := bestIteration(state)
		if err != nil {
			return fmt.Errorf("pickle: %s: %w", booster.Class, err)
		}
		return m.parseLGB([]byte(text), "pickled text", best)
	}
	return fmt.Errorf("pickle: a %s: want xgboost.core.Booster or lightgbm.basic.Booster", booster.Class)
}

// boosterOf says how to get the Booster out of a scikit-learn estimator.
func boosterOf(o *pickle.Object) string {
	if o == nil {
		return ""
	}
	switch o.Class.Module {
	case "xgboost.sklearn":
		return "; pickle what its get_booster() returns"
	case "lightgbm.sklearn":
		return "; pickle its booster_"
	}
	return ""
}

// bestIteration is how many trees a pickled lightgbm.Booster predicts with when it is not told; 0 stands for all. The
// pickle holds every tree, and early stopping notes the best number beside them.
func bestIteration(state *pickle.Dict) (int, error) {
	v, ok := state.Get("best_iteration")
	if !ok || v == nil {
		return 0, nil
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("best_iteration is a %s: want an int", pickle.Kind(v))
	}
	return int(max(n, 0)), nil
}

func (m *model) parseXGB(data []byte, how string) error {
	x, err := xgb.Parse(data)
	if err != nil {
		return fmt.Errorf("xgboost: %w", err)
	}
	m.xgb = &x.Forest
	m.member.Format = how + x.Format
	m.member.Version = fmt.Sprintf("%d.%d.%d", x.Version[0], x.Version[1], x.Version[2])
	m.member.Trees, m.member.Nodes, m.member.Depth = count(m.xgb)
	return nil
}

// parseLGB reads a text model and keeps its first trees; 0 keeps all.
func (m *model) parseLGB(data []byte, format string, keep int) error {
	x, err := lgb.Parse(data)
	if err != nil {
		return fmt.Errorf("lightgbm: %w", err)
	}
	m.lgb = &x.Forest
	m.member.Format = format + " " + x.Version
	if all := m.lgb.Trees(); keep > 0 && keep < all {
		m.lgb.Keep(keep)
		if err := m.lgb.Prepare(); err != nil {
			return fmt.Errorf("lightgbm: %w", err)
		}
		m.member.Format += fmt.Sprintf(", best %d of %d trees", keep, all)
	}
	m.member.Trees, m.member.Nodes, m.member.Depth = count(m.lgb)
	return nil
}

func (m *model) parseGIN(data []byte, config *modelConfig) error {
	tensors, err := torch.Read(data)
	if err != nil {
		return fmt.Errorf("pytorch: %w", err)
	}
	c, err := config.network()
	if err != nil {
		return err
	}
	values, err := gin.Flatten(c, tensors)
	if err != nil {
		return fmt.Errorf("pytorch: %w", err)
	}
	m.member.Format = "pytorch legacy"
	if data[0] == 'P' {
		m.member.Format = "pytorch zip"
	}
	return m.setGIN(c, values)
}

func (m *model) setGIN(c gin.Config, values []float32) error {
	net, err := gin.New(c, values)
	if err != nil {
		return err
	}
	m.gin = &network{c, values, net}
	m.member.Weights = len(values)
	return nil
}

// count returns the numbers of trees and nodes and the greatest depth.
func count[T trees.Real](f *trees.Forest[T]) (n, nodes, depth int) {
	for t := range f.Trees() {
		depth = max(depth, f.Depth(t))
	}
	return f.Trees(), len(f.Nodes), depth
}
