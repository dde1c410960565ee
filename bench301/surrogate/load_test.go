package surrogate

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// tree reads a folder of reference models as names and contents.
func tree(t *testing.T, name string) map[string][]byte {
	t.Helper()
	root := reference(t, name)
	out := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[p], err = os.ReadFile(filepath.Join(root, filepath.FromSlash(p)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// folder writes files below a new folder.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// archive writes files into a zip.
func archive(t *testing.T, files map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.zip")
	if err := os.WriteFile(path, zipped(t, files), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// zipped is a zip of files.
func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entry, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// under moves files below a folder.
func under(dir string, files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name, data := range files {
		out[dir+"/"+name] = data
	}
	return out
}

func joined(all ...map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, files := range all {
		maps.Copy(out, files)
	}
	return out
}

// TestPlaces reads the same ensemble from everywhere it may lie.
func TestPlaces(t *testing.T) {
	want := load(t, "xgb/ensemble")
	files := under("nb_models/xgb_v1.0", tree(t, "xgb/ensemble"))
	both := joined(files, under("nb_models/lgb_runtime_v1.0", tree(t, "lgb/ensemble")))
	one := filepath.Join(folder(t, files), "nb_models", "xgb_v1.0", "ensemble_member_2")
	for _, c := range []struct {
		path, ensemble, name string
		members              int
	}{
		{folder(t, files), "", "xgb_v1.0", 3},
		{filepath.Join(folder(t, files), "nb_models", "xgb_v1.0"), "", "xgb_v1.0", 3},
		{archive(t, files), "", "xgb_v1.0", 3},
		{archive(t, both), "nb_models/xgb_v1.0", "xgb_v1.0", 3},
		{folder(t, both), "nb_models/xgb_v1.0", "xgb_v1.0", 3},
		{one, "", "xgb_v1.0", 1},
		{filepath.Join(one, "surrogate_model.model"), "", "surrogate_model", 1},
	} {
		e, err := LoadNamed(c.path, c.ensemble)
		if err != nil {
			t.Error(err)
			continue
		}
		info := e.Info()
		if c.members == 1 {
			if got := e.Predict(sample(1)[0]).Mean; got != want.Predict(sample(1)[0]).Members[2] {
				t.Errorf("%s: %v", c.path, got)
			}
		} else if err := Compare(t.Context(), e, want, 50, 1); err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		if info.Members != c.members || info.Unit != Percent || c.members == 3 && info.Name != c.name {
			t.Errorf("%s: %+v", c.path, info)
		}
	}
	names, err := Ensembles(archive(t, both))
	if err != nil || !slices.Equal(names, []string{"nb_models/lgb_runtime_v1.0", "nb_models/xgb_v1.0"}) {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := Load(folder(t, both)); !errors.Is(err, ErrSeveral) ||
		!strings.Contains(err.Error(), "nb_models/lgb_runtime_v1.0, nb_models/xgb_v1.0") {
		t.Errorf("%v", err)
	}
	if _, err := LoadNamed(archive(t, both), "gin"); err == nil ||
		!strings.Contains(err.Error(), `ensemble "gin": it holds nb_models/lgb`) {
		t.Errorf("%v", err)
	}
}

func TestRefusedPlaces(t *testing.T) {
	xgb, gin := tree(t, "xgb/ensemble"), tree(t, "gin/variant")
	edit := func(files map[string][]byte, name string, f func([]byte) []byte) map[string][]byte {
		out := maps.Clone(files)
		if data := f(bytes.Clone(out[name])); data != nil {
			out[name] = data
		} else {
			delete(out, name)
		}
		return out
	}
	gone := func([]byte) []byte { return nil }
	text := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	const first, second, variant = "ensemble_member_0/", "ensemble_member_1/", "ensemble_member_0/"
	model := "surrogate_model.model"
	mixed := joined(xgb, map[string][]byte{second + model: tree(t, "lgb/ensemble")[second+model]})
	config := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("no %q", old)
			}
			return bytes.Replace(b, []byte(old), []byte(new), 1)
		}
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"no model", map[string][]byte{"readme": nil}, "no file is named *surrogate_model.model: want an ensemble"},
		{"two kinds", mixed,
			"ensemble_member_1/surrogate_model.model: a model of kind lgb, but ensemble_member_0/model_config.json says xgb"},
		{"no model_config", edit(xgb, first+"model_config.json", gone),
			"ensemble_member_0/model_config.json: missing: want it beside the model"},
		{"no data_config", edit(xgb, first+"data_config.json", gone), "ensemble_member_0/data_config.json: missing"},
		{"no seed", edit(xgb, first+"data_config.json", text("{}")), "ensemble_member_0/data_config.json: no seed"},
		{"model_config", edit(xgb, first+"model_config.json", text("{")),
			"ensemble_member_0/model_config.json: the JSON ends at byte 1"},
		{"other model", edit(xgb, first+"model_config.json", text(`{"model":"gnn_vs_gae"}`)),
			`model "gnn_vs_gae": want xgb, xgb_time, lgb, lgb_time or gnn_gin`},
		{"bananas", edit(xgb, first+"model_config.json", config(`"param:bananas_enc": false`, `"param:bananas_enc": true`)),
			"param:bananas_enc true"},
		{"empty model", edit(xgb, second+model, text("")), "ensemble_member_1/surrogate_model.model: 0 bytes: want a model"},
		{"cut model", edit(xgb, second+model, func(b []byte) []byte { return b[:5000] }),
			"ensemble_member_1/surrogate_model.model: pickle: offset "},
		{"flipped model", edit(xgb, second+model, func(b []byte) []byte {
			b[bytes.Index(b,
				[]byte("binf"))+8] ^= 1
			return b
		}), "ensemble_member_1/surrogate_model.model: xgboost: offset 30: 57 features"},
		{"renamed model", edit(xgb, second+model, text("PK\x03\x04")),
			"ensemble_member_1/surrogate_model.model: pytorch: zip: "},
		{"other pickle", edit(xgb, second+model, text("\x80\x02}.")),
			"ensemble_member_1/surrogate_model.model: pickle: a dict: want a Booster"},
		{"call", edit(xgb, second+model, text("\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")),
			"pickle: a object os.system: want a Booster"},
		{"other Booster", edit(xgb, second+model, text("\x80\x02ccatboost\nBooster\n)\x81}X\x06\x00\x00\x00handleNsb.")),
			"pickle: a catboost.Booster: want xgboost.core.Booster"},
		{"no handle", edit(xgb, second+model, text("\x80\x02cxgboost.core\nBooster\n)\x81}b.")),
			"xgboost.core.Booster without a handle"},
		{"gin width", edit(gin, variant+"model_config.json", config(`"gnn_hidden_dimensions": 16`,
			`"gnn_hidden_dimensions": 17`)), "tensor node_encoder.type_encoder.weight: shape [4 16]: want float32 of [4 17]"},
		{"gin layers", edit(gin, variant+"model_config.json", config(`"num_gnn_layers": 3`, `"num_gnn_layers": 2`)),
			"values, a network of 2 layers of 16 dimensions uses"},
		{"gin more layers", edit(gin, variant+"model_config.json", config(`"num_gnn_layers": 3`, `"num_gnn_layers": 4`)),
			"is missing (4 layers of 16 dimensions)"},
		{"gin huge", edit(gin, variant+"model_config.json", config(`"num_gnn_layers": 3`, `"num_gnn_layers": 3000000`)),
			"want 1-256 of 1-4096"},
		{"gin pooling", edit(gin, variant+"model_config.json", config(`"graph_pooling": "mean"`, `"graph_pooling": "max"`)),
			`graph_pooling "max": want mean`},
	} {
		for _, path := range []string{folder(t, c.files), archive(t, c.files)} {
			e, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%s: %v, %v, want %s", c.name, e, err, c.want)
			}
		}
	}
}

func TestHostileArchives(t *testing.T) {
	xgb := under("m", tree(t, "xgb/ensemble"))
	bomb := joined(xgb, map[string][]byte{"m/ensemble_member_1/surrogate_model.model": make([]byte, 30<<20)})
	// Each may be, but all together are too many: 100 members of a megabyte of blanks behind a model.
	bombs := map[string][]byte{}
	text := lgbModel([2]float64{1, 2}) + strings.Repeat(" ", 1200<<10)
	for i := range 100 {
		dir := fmt.Sprintf("m/%03d/", i)
		bombs[dir+"surrogate_model.model"] = []byte(text)
		bombs[dir+modelConfigName], bombs[dir+dataConfigName] = []byte(`{"model":"lgb"}`), []byte(`{"seed":1}`)
	}
	for _, c := range []struct {
		name, path, want string
	}{
		{"outside", archive(t, joined(xgb, map[string][]byte{"../surrogate_model.model": nil})),
			`entry "../surrogate_model.model": want a path inside the archive`},
		{"absolute", archive(t, joined(xgb, map[string][]byte{"/etc/surrogate_model.model": nil})),
			`entry "/etc/surrogate_model.model": want a path inside the archive`},
		{"bomb", archive(t, bomb), "m/ensemble_member_1/surrogate_model.model: 31457280 bytes from 3"},
		{"empty", archive(t, nil), "no file is named"},
		{"deep", archive(t, map[string][]byte{strings.Repeat("a/", 32000) + "surrogate_model.model": nil}),
			`a/a/a...": a name of 64021 bytes: want at most 1000`},
		{"folders", archive(t, map[string][]byte{strings.Repeat("a/", 200) + "surrogate_model.model": nil}),
			`in 200 folders: want at most 100`},
		{"escapes", archive(t, map[string][]byte{"\x1b[31m/../surrogate_model.model": nil}), `entry "\\x1b[31m`},
		{"many bombs", archive(t, bombs), "the archive's models are compressed more than 20 times"},
	} {
		if _, err := Load(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	whole, err := os.ReadFile(archive(t, xgb))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.zip")
	if err := os.WriteFile(path, whole[:len(whole)-100], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "cut.zip: pytorch: zip: ") {
		t.Errorf("%v", err)
	}
}

// mac adds what macOS adds to every file of an archive.
func mac(files map[string][]byte) map[string][]byte {
	out := maps.Clone(files)
	note := []byte("\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
	for name := range files {
		dir, base := path.Split(name)
		out["__MACOSX/"+dir+"._"+base] = note
		out[dir+"._"+base], out[dir+".DS_Store"] = note, []byte("\x00\x00\x00\x01Bud1")
	}
	return out
}

// TestMacOS: an archive or a folder that went through macOS holds what it did before.
func TestMacOS(t *testing.T) {
	want := load(t, "xgb/ensemble")
	files := tree(t, "xgb/ensemble")
	deep := under("nb_models/xgb_v1.0", files)
	outer := under("downloads/new", mac(deep)) // a folder around __MACOSX
	for name, at := range map[string]string{
		"zip": archive(t, mac(deep)), "folder": folder(t, mac(deep)), "flat": archive(t, mac(files)),
		"outer zip": archive(t, outer), "outer folder": folder(t, outer),
		"one": filepath.Join(folder(t, mac(deep)), "nb_models", "xgb_v1.0"),
	} {
		e, err := Load(at)
		if err == nil {
			err = Compare(t.Context(), e, want, 20, 1)
		}
		if names, err2 := Ensembles(at); err != nil || err2 != nil || len(names) != 1 {
			t.Errorf("%s: %v, %v, %v", name, err, err2, names)
		}
	}
	alone := map[string][]byte{".DS_Store": nil}
	for name, data := range mac(deep) {
		if strings.HasPrefix(name, "__MACOSX/") {
			alone[name] = data
		}
	}
	for _, at := range []string{archive(t, alone), folder(t, alone)} {
		if _, err := Load(at); err == nil || !strings.Contains(err.Error(), "what macOS adds, __MACOSX and ._*, is left out") {
			t.Errorf("nothing else: %v", err)
		}
	}
}

// TestUnreadable: what is no file, or is larger than any model, is refused before it is read.
func TestUnreadable(t *testing.T) {
	files := tree(t, "xgb/ensemble")
	const member = "ensemble_member_0/"
	sparse := func(name string) string {
		root := folder(t, files)
		if err := os.Truncate(filepath.Join(root, filepath.FromSlash(name)), 2<<30); err != nil {
			t.Fatal(err)
		}
		return root
	}
	linked := func(name, target string) string {
		root := folder(t, files)
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.Remove(at), os.Symlink(target, at)); err != nil {
			t.Skip(err)
		}
		return root
	}
	model := member + "surrogate_model.model"
	for _, c := range []struct{ path, want string }{
		{sparse(model), "2147483648 bytes: want at most 536870912"},
		{sparse(member + modelConfigName), "2147483648 bytes: want at most 1048576"},
		{filepath.Join(sparse(model), filepath.FromSlash(model)), "more than 512 MB"},
		{filepath.Join(sparse(member+modelConfigName), filepath.FromSlash(model)), "model_config.json beside it: "},
		{linked(model, "/dev/zero"), "a folder, pipe or device: want a file"},
		{linked(member+dataConfigName, "."), "a folder, pipe or device: want a file"},
		{"/dev/zero", "more than 64 MB"},
	} {
		if _, err := os.Stat("/dev/zero"); err != nil && strings.Contains(c.path, "zero") {
			continue
		}
		oracle.Frugal(t, 512<<20, func() {
			if _, err := Load(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// FuzzArchive reads hostile archives.
func FuzzArchive(f *testing.F) {
	const config, seed = `{"model": "lgb"}`, `{"seed": 1}`
	small := map[string][]byte{"a/m/surrogate_model.model": []byte(lgbModel([2]float64{1, 2})),
		"a/m/model_config.json": []byte(config), "a/m/data_config.json": []byte(seed)}
	for _, files := range []map[string][]byte{
		small, mac(small), {strings.Repeat("a/", 300) + "surrogate_model.model": nil}, {"x": nil},
		{"a/m/surrogate_model.model": make([]byte, 1<<20), "a/m/model_config.json": []byte(config), "a/m/data_config.json": []byte(seed)},
		{"s/data.pkl": []byte("\x80\x02}.")},
	} {
		f.Add(zipped(f, files))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := filepath.Join(t.TempDir(), "f.zip")
		if err := os.WriteFile(at, data, 0o600); err != nil {
			t.Fatal(err)
		}
		oracle.Frugal(t, oracle.HostileLimit, func() {
			if e, err := Load(at); err == nil {
				e.Predict(sample(1)[0])
			}
		})
	})
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if err := load(t, "xgb/ensemble").Save(filepath.Join(dir, "mine"+FileExt)); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{"mine": KindXGB, reference(t, "lgb/ensemble"): KindLGB} {
		path, err := Find(name, name, dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Load(path)
		if err != nil || s.Info().Kind != kind {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	for _, name := range []string{"other", "../mine", ""} {
		if s, err := Find(name, name, dir); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "neither a file nor one of mini, mini2, "+
			"mini-runtime, mine") {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if names, err := Installed(filepath.Join(dir, "absent")); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}
