package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
)

func associations() []analysis.Association {
	return []analysis.Association{
		{Estimator: "map-effdim", N: 60, Asked: 60, Tau: &analysis.Interval{Value: 0.514, Low: 0.4, High: 0.6},
			Rho: &analysis.Interval{Value: 0.7, Low: 0.6, High: 0.8}, Seconds: 0.153},
		{Estimator: "l2_norm", N: 57, Asked: 60, Reason: "constant score", Seconds: 0.0001},
	}
}

func TestAssociationTable(t *testing.T) {
	table := AssociationTable("tau against 100% mini_x", []string{"n = 60"}, associations())
	for format, want := range map[Format]string{
		Terminal: `tau against 100% mini_x

 estimator   n     tau-b           95% CI       rho           95% CI s/arch
───────────────────────────────────────────────────────────────────────────
 map-effdim 60    +0.514 [+0.400, +0.600]    +0.700 [+0.600, +0.800]   0.15
 l2_norm    57 undefined                  undefined                  <0.001

 estimator  coverage
────────────────────
 map-effdim     100%
 l2_norm         95%

n = 60
l2_norm: constant score
`,
		Markdown: `tau against 100% mini_x

| estimator  |  n |   tau-b ↑ |           95% CI |     rho ↑ |           95% CI | s/arch ↓ | coverage ↑ |
|:-----------|---:|----------:|-----------------:|----------:|-----------------:|---------:|-----------:|
| map-effdim | 60 |    +0.514 | [+0.400, +0.600] |    +0.700 | [+0.600, +0.800] |     0.15 |       100% |
| l2_norm    | 57 | undefined |                  | undefined |                  |   <0.001 |        95% |

n = 60
l2_norm: constant score
`,
		CSV: `estimator,n,tau_b,tau_b_low,tau_b_high,versus_best,p_versus_best,p_above_baselines,above_baselines,` +
			`baseline,rho,rho_low,rho_high,seconds,wall_seconds,seconds_on_wall,coverage,asked,notes
map-effdim,60,0.514,0.4,0.6,,,,,false,0.7,0.6,0.8,0.153,,0,1,60,
l2_norm,57,,,,,,,,false,,,,0.0001,,0,0.95,60,tau_b undefined; rho undefined
`,
		LaTeX: `% needs \usepackage{booktabs}; 5.50in wide in a document of 10pt
\begin{table*}
\centering
\ifdim\belowcaptionskip<6pt \setlength{\belowcaptionskip}{6pt}\fi
\caption{$\tau$ against 100\% mini\_x.}
\small
\setlength{\tabcolsep}{2.5pt}
\begin{tabular}{@{}lrrrrrrr@{}}
\toprule
estimator & n & $\tau_b$\,$\uparrow$ & 95\% CI & $\rho$\,$\uparrow$ & 95\% CI & s/arch\,$\downarrow$ & coverage\,$\uparrow$ \\
\midrule
map-effdim & 60 & +0.514 & [+0.400, +0.600] & +0.700 & [+0.600, +0.800] & 0.15 & 100\% \\
l2\_norm & 57 & undefined &  & undefined &  & $<$0.001 & 95\% \\
\bottomrule
\end{tabular}

\smallskip
\begin{minipage}{\linewidth}\footnotesize\raggedright
n = 60. l2\_norm: constant score.
\end{minipage}
\end{table*}
`,
	} {
		var b strings.Builder
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", format, b.String(), want)
		}
	}
	if err := table.Write(&strings.Builder{}, "word"); err == nil {
		t.Error("an unknown format was accepted")
	}
}

// TestLaTeXCompiles has a real LaTeX read a table full of what it could trip over, and checks that it is not too wide.
func TestLaTeXCompiles(t *testing.T) {
	pdflatex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed")
	}
	p := 0.0004
	table := AssociationTable("a_b & 100% of #1 ~ {x} ^ \\ <τ> −1 $", []string{"note with_underscore"},
		[]analysis.Association{
			{Estimator: "rwe:init=normal,fan=in_out,channels=16,train_images=1000", N: 9, Asked: 10,
				Tau: &analysis.Interval{Value: 0.5, Low: -0.4, High: 0.6}, Rho: &analysis.Interval{Value: 0.5, Low: 0.4, High: 0.6},
				Mark: analysis.Best},
			{Estimator: "a<b&c", N: 9, Asked: 9, Tau: &analysis.Interval{Value: -0.1, Low: -0.2, High: 0.2}, Mark: "-", P: &p},
		})
	var b strings.Builder
	b.WriteString("\\documentclass[twocolumn]{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n")
	if err := table.Write(&b, LaTeX); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\\end{document}\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "table.tex"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(pdflatex, "-interaction=nonstopmode", "-halt-on-error", "table.tex")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Overfull") || strings.Contains(string(out), "Missing character") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestBestAndSecondAreSetApart(t *testing.T) {
	p := 0.0004
	q := 0.21
	table := AssociationTable("", nil, []analysis.Association{
		{Estimator: "a<b&c", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.5, Low: 0.4, High: 0.6}, Mark: analysis.Best,
			Above: true},
		{Estimator: "tie", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.49, Low: 0.4, High: 0.6}, Mark: "~", P: &q,
			Above: true},
		{Estimator: "not above", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.48, Low: 0.4, High: 0.6}, Mark: "~", P: &q},
		{Estimator: "third", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.1, Low: 0, High: 0.2}, Mark: "-", P: &p},
		{Estimator: "second", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.2, Low: 0.1, High: 0.3}, Mark: "-", P: &p},
	})
	for format, want := range map[Format][]string{
		LaTeX: {`\textbf{+0.500}`, `\textbf{+0.490}`, `& +0.100 &`, `\underline{+0.200}`, `$\sim$ (p=0.210)`,
			`$-$ (p$<$0.001)`, `& +0.480 &`},
		Markdown: {`**+0.500**`, `**+0.490**`, `| <u>+0.200</u>`},
		HTML:     {`<strong>+0.500</strong>`, `<u>+0.200</u>`, `a&lt;b&amp;c`, `~ (p=0.210)`},
		CSV:      {",0.5,0.4,0.6,best,,,true,", ",0.49,0.4,0.6,~,0.21,,true,", ",-,0.0004,"},
	} {
		var b strings.Builder
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q:\n%s", format, w, b.String())
			}
		}
	}
}

func TestMinusInLaTeX(t *testing.T) {
	for text, want := range map[string]string{
		"-0.065": "$-$0.065", "[-0.2, -0.1]": "[$-$0.2, $-$0.1]", "-": "$-$", "- (p=0.01)": "$-$ (p=0.01)",
		"rwe-ridge": "rwe-ridge", "a - b": "a - b",
		"0.0527-0.275": "0.0527-0.275", "5 of 6 (-1)": "5 of 6 ($-$1)",
	} {
		if got := escape(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// Texts of users' files mean nothing else in Markdown.
func TestMarkdownOfOddTexts(t *testing.T) {
	table := Table{Title: "<b>x</b>", Columns: []Column{{Name: "a|b", Key: "a"}, {Name: "n", Key: "n", Right: true}},
		Notes: []string{"&lt; <i>"},
		Rows:  [][]Cell{Texts("<script>|*s*`", "<0.001"), Texts("a_b <= c & d", "1")}}
	var b strings.Builder
	if err := table.Write(&b, Markdown); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`\<b>x\</b>`, `| a\|b `, "| \\<script>\\|\\*s\\*\\` ", "| <0.001 |", "| a_b <= c & d ",
		`\&lt; \<i>`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s\nwant %s", b.String(), want)
		}
	}
}
