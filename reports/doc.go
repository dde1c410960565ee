// Package reports renders findings: tables for the terminal, Markdown, CSV, LaTeX and HTML, figures, and pages that
// need nothing else.
//
// [Study] and [Search] wrap what package analysis found. Their Table and Page methods, Study's Figures, and Save, which
// writes all of it into a folder, are the ways in.
//
//	r := reports.Study{Findings: f}
//	t, err := r.Table("estimators")
//	err = t.Write(os.Stdout, reports.Markdown)
//	files, err := r.Save(dir, "scatter", "bars")
//
// A [Table] and a [Document] can be made of anything else, too.
package reports
