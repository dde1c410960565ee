package search

import (
	"io"

	"rwe301/scoring"
)

// templateHead is the part of the template that does not depend on the registry.
const templateHead = `# Searches of bench301. Every key that a definition may have is in this file; what is commented
# out shows defaults and alternatives. Run it:
#   bench301 search THIS_FILE         Ctrl-C saves, and bench301 search resume goes on
#   bench301 report RUN               the report of the run folder that it names

name: my-search           # names the run folder, runs/my-search
space: darts              # the search space

# Each method is run under every seed, with the same number of evaluations. One to three objectives are minimised:
# accuracy (of the accuracy source), surrogate:PATH, or an estimator with settings, as rwe-ridge:channels=16. Scores
# that are better when higher are negated, percentages become errors.
methods:
  - {name: rwe, algorithm: nsga2, objectives: [rwe-ridge, macs]}
  - {name: random, algorithm: random, objectives: [rwe-ridge, macs]}
  # - {name: upper, algorithm: moead, objectives: [accuracy, macs]}           # what a perfect estimator would find
  # - {name: aging, algorithm: aging, objectives: [rwe-ridge, params, macs]}  # or local
  # - {name: best, algorithm: aging, objectives: [accuracy]}                  # one objective: not by moead

population: 20            # solutions of a generation
generations: 30
seeds: [1]                # one run a seed and method: 1..5
weights: common           # all runs see the same random weights, and share scores; fresh: each run draws its own

# limits: {macs: 200M}    # bound from above what is minimised, or a count as it is counted; k, M and G stand for
                          # thousands, millions and thousand millions
budgets:                  # the reports name the most accurate architecture within each: of a count (params, macs,
                          # flops, pool-count, sepconv-count, depth), accuracy (7 for an error of at most 7 %),
                          # surrogate:PATH, or an estimator that every method minimises
  macs: [100M, 150M, 200M]

accuracy:                 # re-evaluates the fronts
  source: mini            # mini, mini2 (inside the program), models (an imported surrogate), table, none; or
                          # nasbench201, networks of that space that were trained (bench301 data import nasbench201),
                          # on the data set that a key dataset names here, by default cifar10
  # file: nb301.surrogate # models: the imported surrogate; table: the file
  # column: val_accuracy  # table: the column of accuracies
  # unit: percent         # table: percent or fraction, by default fraction where all lie in [0, 1]

# repeats: mean           # rows of the table that repeat an architecture with other values: error, or mean

dataset:                  # the images that estimators see
  name: sample            # sample (inside the program), cifar10, or folder
  # path: images          # where cifar10 or the folder lies; cifar10 by default where bench301 data fetch puts it
  # side: 32              # folder: height and width to which its images are resized and cut
  # train: 1000           # folder: so many of its training images only, classes in turn
  # test: 500             # folder: the same for its test images
`

// Template writes a commented definition with every legal key, algorithm, estimator and setting.
func Template(w io.Writer) error { return scoring.WriteTemplate(w, templateHead) }
