// Package scoring answers questions about architectures: the one road from an estimator to a record in a store.
//
// A [Question] is an estimator with its settings and seeds, and the [Source] that answers it: a configured estimator, a
// column of a [Table], a surrogate, or a [Program] of the user. A [Runner] asks questions about architectures on every
// core, catches what breaks, fills the records and saves them; studies, searches and commands are its callers.
// [Inputs] opens the accuracies, images and tables that definitions and commands name.
//
//	c, err := estimators.Parse("rwe:channels=16")
//	q := scoring.QuestionOf(c, data)
//	q.Seeds = []uint64{0}
//	r := scoring.NewRunner([]*scoring.Question{q}, scoring.Options{Data: data, Store: kept})
//	err = r.Run(ctx, architectures, nil)
package scoring
