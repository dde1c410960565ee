package reports

import "rwe301/analysis"

// Study renders the findings of a study, or of anything else that was analysed like one.
type Study struct {
	*analysis.Findings
	Progress Progress      // may be nil
	Say      func(string)  // is told what figures leave out; may be nil
	Look     *Look         // of figures; nil for the default
	Cohorts  CohortOptions // of the tables and figures of cohorts
}

// Search renders what searches found.
type Search struct {
	*analysis.Fronts
	Progress Progress     // may be nil
	Say      func(string) // is told what figures leave out; may be nil
	Look     *Look        // of figures; nil for the default
	Scores   *Study       // of what they evaluated, for its cohorts; nil for none
}
