// Package correlation measures how well one ranking of things agrees with another, and how sure one can be of it: rank
// correlations, their p-values and bootstrap intervals, ranking criteria, and tests that compare methods. It works on
// plain vectors and knows nothing of what they rank. Larger is better wherever a direction matters.
//
// Which question, which function:
//
//	How well do two vectors agree?           Kendall, Spearman, Pearson; Coefficient.Of to choose at run time
//	All counts, tau-a, tau-c, gamma, D       CountPairs
//	Is it more than chance?                  KendallTest, SpearmanTest, PearsonTest
//	Agreement that weighs the top more       WeightedTau
//	How uncertain is it?                     Bootstrap, then Distribution.Interval; QuickInterval for a closed form
//	How many rows does that take?            PrecisionAt
//	What is left once z is known?            Partial, Semipartial; Within for groups
//	Which of two scores is better?           Compare; Holm corrects the p-values of many
//	How good is the choice of the best k?    Select, NDCG
//	Do methods differ over many problems?    Friedman and NemenyiDifference; Wilcoxon, MannWhitney for two
//
// # Undefined is not zero
//
// A constant vector has no correlation with anything. Such results are errors that wrap [ErrUndefined] and say why; no
// function returns NaN for them, and none returns 0. A NaN in the input is an error that wraps [ErrNaN] until the
// caller drops it ([OmitNaN]) or calls it the worst score ([NaNSmallest]). Infinities are numbers like any other to
// everything that works on order; Pearson's r is undefined with them. -0 equals 0, and no two different numbers are
// taken as equal.
//
// # Randomness
//
// Bootstraps draw from streams derived from (seed, resample): the same seed gives the same bits whatever the number of
// workers.
//
// Vectors that belong together must have the same length; a mismatch is a programmer's error and panics.
package correlation
