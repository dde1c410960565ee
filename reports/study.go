package reports

import "rwe301/analysis"

// Study renders the findings of a study, or of anything else that was analysed like one.
type Study struct{ *analysis.Findings }

// Search renders what searches found.
type Search struct{ *analysis.Fronts }
