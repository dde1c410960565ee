// Package estimators scores architectures without training them to the end: Random-Weight Evaluation, its kin, and the
// baselines they are compared with.
//
// [Parse] reads an estimator with its settings, as "rwe" or "rwe:channels=16,epochs=10"; [New] takes the settings as
// JSON. [Configured.Score] then scores one architecture after another in an [Env], which [NewEnv] makes from images
// and a seed:
//
//	c, err := estimators.Parse("rwe:head=ridge")
//	...
//	score, err := c.Score(ctx, architecture, estimators.NewEnv(dataset.Sample(), 0))
//
// A score is a function of (architecture, settings, images, seed): not of its spelling, nor of what was scored before,
// nor of the number of workers. Estimators that look at one architecture in one Env share their work: weights, passes,
// a training.
//
// [All] and [Lookup] describe the estimators: formula, source, what they read, which scores are meant to be better,
// whether they depend on the seed. An estimator is a file here that holds its code and its entry, and a name in the
// list of registry.go. Package conformance compares them with numbers of other programs; package inputs says what an
// estimate is made from, for those who want to give images, weights and random numbers of their own.
package estimators
