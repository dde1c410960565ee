package study

import (
	"io"

	"rwe301/scoring"
)

// templateHead is the part of the template that does not depend on the registry. Lines that start with "#   " or "# - "
// after their indentation are alternatives that can be uncommented.
const templateHead = `# A study of bench301. Every key that a study may have is in this file; what is commented out
# shows defaults and alternatives. Try it:
#   bench301 study plan THIS_FILE     what would be run, and how long it takes
#   bench301 study run THIS_FILE      run it; Ctrl-C saves, and bench301 study resume goes on

name: my-study            # names the run folder, runs/my-study
space: darts              # the search space
seed: 1                   # draws the architectures; the same seed as in bench301 sample --seed

architectures:            # one of sample, file, table and search
  sample: 100             # so many distinct ones, drawn uniformly
  # file: archs.txt       # one an entry, in any notation
  # table: table.csv      # CSV with a column arch, JSON lines, or JSON as NAS-Bench-Suite-Zero published it
  # limit: 50             # the first so many of them only
  # search: searches.yaml # populations of searches: a definition of bench301 search, run first, or a run folder
  # methods: [rwe]        # search: those of these methods only
  # seeds: 1..5           # search: those of these seeds only
  # generations: 1..20    # search: those of these generations only
  # of: both              # search: survivors, by default, newborn (before selection), or both

accuracy:                 # what the scores are compared with
  source: mini            # mini, mini2 (inside the program), models (an imported surrogate), table, none; or
                          # nasbench201, networks of that space that were trained (bench301 data import nasbench201),
                          # on the data set that a key dataset names here, by default cifar10
  # file: nb301.surrogate # models: its file or name; table: the file, by default the table of the architectures
  # column: val_accuracy  # table: the column of accuracies
  # unit: percent         # table: percent or fraction, by default fraction where all lie in [0, 1]

repeats: error            # rows of a table that repeat an architecture with other values: error, or mean

dataset:                  # the images that estimators see
  name: sample            # sample (inside the program), cifar10, or folder: train/CLASS/IMAGE, val/CLASS/IMAGE
  # path: cifar-10        # where cifar10 lies, by default where bench301 data fetch puts it; or the folder, whose
                          # images become 32 pixels wide, or so many as side says; train and test read so many only

seeds: [0]                # of weights and batches; several seeds show how much a score depends on them: 0..4

# Estimators. Every setting may be one value, a list [1, 2, 4], a range 1..5, {from: 1, to: 9, step: 2} or
# {from: 16, to: 128, times: 2}. Several settings with several values make a grid of all combinations; settings under
# vary are varied one at a time around the others.
estimators:
  - params                # a name alone means the default settings
  - name: rwe
    # label: RWE          # what tables call it; of scores in a file, any text
    # settings: {channels: 8}
    # vary: {epochs: [1, 2, 4]}
    # seeds: 0..4         # instead of those of the study
  # - group:naslib        # all of a group: bench301 estimators --groups; settings go to those that have them
  # - name: mine          # your own scores: CSV with the columns arch, score; seconds, seed, reason if you like
  #   scores: mine.csv
  #   column: score
  #   direction: higher   # or lower, if lower scores are meant to be better
  # - name: my-program    # your own program: a line {"arch": ..., "id": ..., "seed": 0} in, a line
  #                       # {"id": ..., "seed": 0, "score": 1.5} out
  #   command: [python3, mine.py]
  #   timeout: 60s
`

// Template writes a commented definition with every legal key, estimator and setting.
func Template(w io.Writer) error { return scoring.WriteTemplate(w, templateHead) }
