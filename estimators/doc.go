// Package estimators scores architectures without training them to the end: Random-Weight Evaluation, its kin, and the
// baselines they are compared with.
//
// The registry lists what there is ([All], [Lookup]); [New] and [Parse] bind an estimator to settings; the result scores
// architectures in an [Env], which holds images, seed and the work that estimators of one architecture share. A score
// is a function of (architecture, settings, images, seed): not of its spelling, nor of what was scored before.
package estimators
