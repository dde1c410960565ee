package reports

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"

	"rwe301/internal/atomicfile"
	"rwe301/plots"
)

// file is a part of a report that is saved on its own.
type file struct {
	name  string
	write func(io.Writer) error
}

// saveFiles writes files into a folder, which is made when it does not exist, and lists their paths.
func saveFiles(dir string, files ...file) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.write); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// saveFigures writes figures into a folder, which is made when it does not exist, and lists their paths.
func saveFigures(dir string, figures []Figure) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range figures {
		saved, err := plots.Save(dir, f.Name, f.Figure, f.Width, f.Height, "png", "svg", "pdf")
		if paths = append(paths, saved...); err != nil {
			return paths, err
		}
	}
	return paths, nil
}

// files are those of a table that is saved: as the endings of files name them.
func (t Table) files(name string, formats map[string]Format) (out []file) {
	for _, ending := range []string{"txt", "md", "tex", "csv"} {
		if f, ok := formats[ending]; ok {
			out = append(out, file{name + "." + ending, func(w io.Writer) error { return t.Write(w, f) }})
		}
	}
	return out
}

// Save writes the table of InOrder in every format, all scores beside the accuracies, and figures of the given kinds,
// and lists their paths.
func (f Study) Save(dir string, figures ...string) ([]string, error) {
	t := f.InOrder()
	files := append(t.files("table", map[string]Format{"txt": Terminal, "md": Markdown, "tex": LaTeX, "csv": CSV}),
		file{"table.json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(rowsOf(f.Rows))
		}},
		file{"scores.csv", f.writeScores})
	paths, err := saveFiles(dir, files...)
	if err != nil {
		return paths, err
	}
	made, err := f.Figures(figures...)
	if err != nil {
		return paths, err
	}
	saved, err := saveFigures(dir, made)
	return append(paths, saved...), err
}

// writeScores writes a row an architecture: text, id, accuracy, and the mean score of every estimator as it was made;
// empty where there is none.
func (f Study) writeScores(w io.Writer) error {
	header := []string{"arch", "id", "accuracy"}
	for _, c := range f.Columns {
		header = append(header, c.Label)
	}
	rows := [][]string{header}
	cell := func(v float64, negated bool) string {
		switch {
		case math.IsNaN(v):
			return ""
		case negated:
			v = -v
		}
		return number(v)
	}
	for i, a := range f.Architectures {
		row := []string{a.Arch, a.ID, cell(f.Results.Truth[i], false)}
		for _, c := range f.Columns {
			row = append(row, cell(c.Mean()[i], c.Lower))
		}
		rows = append(rows, row)
	}
	return csv.NewWriter(w).WriteAll(rows)
}
