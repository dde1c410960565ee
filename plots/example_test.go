package plots_test

import (
	"bytes"
	"fmt"
	"image/png"

	"rwe301/plots"
)

// A scatter of scores against accuracies, as wide as a column of a paper.
func ExampleWrite() {
	labels := []string{"a", "b", "c", "d"}
	scores, accuracies := []float64{0.41, 0.47, 0.35, 0.46}, []float64{93.1, 94.2, 92.8, 93.9}
	figure, err := plots.NewScatter("rwe", "score", "accuracy (%)", labels, scores, accuracies)
	if err != nil {
		fmt.Println(err)
		return
	}
	header, rows := figure.Data()
	fmt.Println(header, rows[0])

	var file bytes.Buffer
	if err := plots.Write(&file, figure, plots.SingleColumn, plots.DefaultStyle(), "png"); err != nil {
		fmt.Println(err)
		return
	}
	picture, err := png.DecodeConfig(&file)
	fmt.Println(picture.Width, "x", picture.Height, "pixels", err)

	fmt.Println(plots.SaveAs("scatter.bmp", figure, plots.SingleColumn, plots.DefaultStyle()))
	// Output:
	// [id score accuracy drawn_at] [a 0.41 93.1 0.41]
	// 715 x 570 pixels <nil>
	// picture scatter.bmp: the name must end in .png, .svg, .pdf, .eps, .tex
}
