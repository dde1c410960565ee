// Package reports turns results into tables: for the terminal, Markdown, CSV and LaTeX.
package reports
