package estimators

import (
	"reflect"

	"rwe301/estimators/internal/training"
)

// Texts of settings that several structs of settings have.
var (
	channelsText = text{
		meaning: "width C of the first cells; it doubles at every reduction",
		legal:   "a whole number in [1, 4096]; even in variant imagenet",
		effect:  "time and memory grow with its square; narrow networks are fast and their scores noisier",
	}
	classesText = text{
		meaning: "outputs of the classifier; scores that read labels need one for each class of the images",
		legal:   "a whole number in [1, 1048576]",
		effect:  "changes the classifier only: its parameters and, where there is one, the loss",
	}
	layersText = text{
		meaning: "cells in a row; those after a third and two thirds of them are reductions",
		legal: "a whole number in [1, 256]; NAS-Bench-201 counts the cells of its three stages and two reductions: 5, 8, " +
			"11, 14, 17 (the benchmark's own)",
		effect: "time and memory grow with it; NAS-Bench-301's accuracies are of 8 cells",
	}
	variantText = text{
		meaning: "which network the cells make: naslib is NASLib's (a batch normalisation behind every pool, none with " +
			"parameters inside edges), darts the evaluation network that NAS-Bench-301 trained, imagenet that with a stem " +
			"of three convolutions of stride 2",
		legal:  "naslib, darts or imagenet; other search spaces than DARTS have one network and take no notice",
		values: []string{"naslib", "darts", "imagenet"},
		effect: "naslib normalises what pools put out, darts does not; counts of parameters differ too",
	}
	resolutionText = text{
		meaning: "height and width of the images in pixels; larger images are averaged 2 by 2 until they have it",
		legal: "a whole number in [1, 4096]; where images are read: their own side, or that halved (32, 16, 8, 4 for " +
			"CIFAR-10)",
		effect: "time and memory grow with its square",
	}
	initText = text{
		meaning: "how weights are drawn: default is PyTorch's own (uniform, variance 1/(3 fan_in)), uniform and normal " +
			"are Kaiming's, xavier is uniform with variance 2/(fan_in + fan_out), orthogonal draws orthonormal rows or " +
			"columns",
		legal:  "default, uniform, normal, xavier or orthogonal",
		values: []string{"default", "uniform", "normal", "xavier", "orthogonal"},
		effect: "scales the weights; batch normalisation takes the scale of one layer away again, not what it does to " +
			"gradients, norms and networks without normalisation",
	}
	batchText = text{
		meaning: "images of one pass",
		legal:   "a whole number in [2, 65536], at most the training images there are",
		effect: "time and memory grow with it; batch statistics, and scores that count or compare images, change with " +
			"it, so only scores of equal batches compare",
	}
	precisionText = text{
		meaning: "arithmetic of the passes; weights and images are float32 numbers in either",
		legal:   "float32 or float64",
		values:  []string{"float32", "float64"},
		effect:  "float64 is several times slower, and tells rounding noise from signal",
	}
	augmentText = text{
		meaning: "crop images at random (padded by 4 pixels) and flip them, as in training",
		legal:   "true or false",
		values:  []string{"true", "false"},
		effect:  "true sees what training sees; false sees the images as they are",
	}
	momentumText = text{
		meaning: "momentum of gradient descent: the share of the last step that the next one keeps",
		legal:   "a number in [0, 1)",
		effect:  "0 is plain gradient descent; near 1 steps become larger and may diverge",
	}
	fanText = text{
		meaning: "which fan sets the variance of init=uniform and init=normal: in, gain^2 / inputs, keeps the variance of " +
			"activations, out, gain^2 / outputs, that of gradients",
		legal:  "in or out; no effect with the other initialisations",
		values: []string{"in", "out"},
		effect: "they differ in layers that change the width, such as stem, reductions and classifier",
	}
	gainText = text{
		meaning: "factor on the deviation of the weights; 0 means the initialisation's own: sqrt(2) for uniform and " +
			"normal, 1 for xavier and orthogonal",
		legal:  "a number, at least 0; no effect with init=default, which has none",
		effect: "as init: it scales the weights, which batch normalisation takes away in part",
	}
	noiseBatchText = text{
		meaning: "images of one pass, drawn from N(0, 1): none of the data set is read",
		legal:   "a whole number in [2, 65536]",
		effect:  "time and memory grow with it, and noise falls",
	}
)

// settingTexts explain the settings of each struct of settings.
var settingTexts = map[reflect.Type]map[string]text{
	reflect.TypeFor[sizeSettings](): {
		"channels": channelsText, "classes": classesText, "layers": layersText, "resolution": resolutionText,
		"variant": variantText,
	},
	reflect.TypeFor[initialSettings](): {"init": initText, "fan": fanText, "gain": gainText},
	reflect.TypeFor[frozenSettings](): {
		"channels": channelsText, "layers": layersText, "variant": variantText, "resolution": resolutionText,
		"init": initText, "fan": fanText, "gain": gainText,
		"norm": {
			meaning: "how the frozen network normalises: batch by the statistics of each batch, calibrated by those " +
				"averaged over the training images, none not at all",
			legal:  "batch, calibrated or none",
			values: []string{"batch", "calibrated", "none"},
			effect: "calibrated features of an image do not depend on its batch, and cost another pass over the training " +
				"images; with none deep networks fade or explode",
		},
		"batch": {
			meaning: "images of one pass through the frozen network",
			legal:   "a whole number, at least 2",
			effect:  "memory grows with it; with norm=batch it changes the features, with the others only rounding",
		},
		"train_images": {
			meaning: "training images whose features are read: the first so many of the data set",
			legal:   "a whole number, at least 2, at most the training images there are (2000 in the sample)",
			effect:  "time grows with it; more images make a score less noisy",
		},
		"readout": {
			meaning: "cells whose outputs are the features: last, last2 (the last two, and so on), all, or cell0 (the " +
				"first, and so on)",
			legal:  "last, last1 to lastN, all, or cell0 to cellM, where N is layers and M is layers - 1",
			values: []string{"last", "last2", "last3", "all", "cell0", "cell1", "cell2"},
			effect: "more cells give more features, which a last layer fits more easily and slower; early cells have seen " +
				"fewer random weights",
		},
		"pooling": {
			meaning: "how a map of a cell becomes features: mean, max and std over all positions, relu-mean the mean of " +
				"max(x, 0), grid and relu-grid the same in each quarter of the map, none every value as it is",
			legal:  "mean, relu-mean, max, std, grid, relu-grid or none",
			values: []string{"mean", "relu-mean", "max", "std", "grid", "relu-grid", "none"},
			effect: "a feature a channel (four with grid and relu-grid, one a pixel with none): more of them cost time and " +
				"memory, and keep where things are in the image",
		},
		"seeds": {
			meaning: "draws of the weights over which the score of one seed is averaged",
			legal:   "a whole number in [1, 1000]",
			effect:  "time grows with it; the noise of the weights falls with its square root",
		},
	},
	reflect.TypeFor[rweScore](): {
		"val_images": {
			meaning: "validation images, which the trained layer has not seen",
			legal:   "a whole number, at least 2, at most the images there are in val_split",
			effect:  "time grows with it; an accuracy moves in steps of 100/val_images percent",
		},
		"val_split": {
			meaning: "where validation images come from: train takes those behind train_images, test the first of the test " +
				"images",
			legal:  "train or test",
			values: []string{"train", "test"},
			effect: "test leaves all training images to train_images",
		},
		"standardise": {
			meaning: "give each feature mean 0 and deviation 1 over the training images before the layer is trained",
			legal:   "true or false",
			values:  []string{"true", "false"},
			effect:  "with false, learning_rate and lambda must suit the scale of the features, which architectures differ in",
		},
		"head": {
			meaning: "how the last layer is trained: sgd and adam descend the cross-entropy, ridge solves least squares on " +
				"one-hot labels in closed form",
			legal:  "sgd, adam or ridge",
			values: []string{"sgd", "adam", "ridge"},
			effect: "ridge reads lambda; the others read epochs, head_batch, learning_rate and schedule, and sgd momentum " +
				"too",
		},
		"epochs": {
			meaning: "passes of sgd or adam over the features of the training images",
			legal:   "a whole number in [1, 1000000]; no effect with head=ridge",
			effect:  "time of the last layer grows with it, not that of the network, whose features are read once",
		},
		"head_batch": {
			meaning: "images of one step of sgd or adam; the last step of an epoch takes those that are left, with the mean " +
				"of their gradients",
			legal:  "a whole number, at least 1; no effect with head=ridge",
			effect: "smaller ones make more, and noisier, steps an epoch",
		},
		"learning_rate": {
			meaning: "size of a step of sgd or adam, of the first epoch with schedule=cosine",
			legal:   "a number in (0, 1000000); no effect with head=ridge",
			effect:  "too small underfits within epochs, too large diverges",
		},
		"momentum": {
			meaning: "momentum of sgd: the share of the last step that the next one keeps",
			legal:   "a number in [0, 1); no effect with head=adam and head=ridge",
			effect:  "0 is plain gradient descent; near 1 steps become larger and may diverge",
		},
		"schedule": {
			meaning: "learning rate of sgd or adam over the epochs: constant keeps it, cosine lets it fall to zero by half a " +
				"cosine, changed after each epoch: epoch e = 0, 1, ... has learning_rate (1 + cos(pi e/epochs))/2",
			legal:  "constant or cosine; no effect with head=ridge",
			values: []string{"constant", "cosine"},
			effect: "cosine ends with small steps, which average out the noise of the batches",
		},
		"lambda": {
			meaning: "penalty of head=ridge on the weights: Z'Z/n + lambda I is inverted, Z the centred features",
			legal:   "a number above 0; no effect with head=sgd and head=adam",
			effect:  "larger ones shrink the weights: less overfitting where there are more features than images",
		},
		"score": {
			meaning: "what of the trained layer is the score; losses are negated, so that higher is better",
			legal: "val-accuracy, val-cross-entropy, val-mse, train-accuracy, train-loss (squared error with ridge, else " +
				"cross-entropy) or random-label-accuracy",
			values: []string{"val-accuracy", "val-cross-entropy", "val-mse", "train-accuracy", "train-loss",
				"random-label-accuracy"},
			effect: "losses have fewer ties than accuracies; the train- and random-label- scores read no validation images",
		},
	},
	reflect.TypeFor[effDimSettings](): {"lambda": {
		meaning: "eigenvalues far above it count as a dimension each, those far below as none",
		legal:   "a number above 0",
		effect:  "smaller ones count more of the spectrum's tail, and with it noise",
	}},
	reflect.TypeFor[proxySettings](): {"batch": batchText, "augment": augmentText, "precision": precisionText},
	reflect.TypeFor[zicoSettings](): {"batches": {
		meaning: "batches over which mean and deviation of the gradients are taken",
		legal:   "a whole number in [2, 1000]; batch times batches images are read",
		effect:  "time grows with it; two, as the authors take, leave the deviations noisy",
	}},
	reflect.TypeFor[synflowSettings](): {"precision": precisionText},
	reflect.TypeFor[zenSettings]():     {"batch": noiseBatchText},
	reflect.TypeFor[noiseSettings]():   {"batch": noiseBatchText},
	reflect.TypeFor[swapSettings](): {
		"batch": {
			meaning: "images of one pass; a code has a bit an image",
			legal:   "a whole number in [2, 64]",
			effect:  "no score exceeds 2^batch: with few images all architectures reach it",
		},
		"draws": {
			meaning: "draws of the weights over which the score is averaged",
			legal:   "a whole number in [1, 1000]",
			effect:  "time grows with it; the noise of the weights falls with its square root",
		},
	},
	reflect.TypeFor[regSwapSettings](): {
		"mu": {
			meaning: "size that is preferred, in thousands of parameters",
			legal:   "a number above 0; 0, its default, is not set, and the estimator wants it set",
			effect:  "moves the preferred size: the score is multiplied by exp(-(P - mu)^2 / sigma)",
		},
		"sigma": {
			meaning: "how far sizes may be from mu, in squared thousands of parameters",
			legal:   "a number above 0; 0, its default, is not set, and the estimator wants it set",
			effect:  "smaller ones punish other sizes more, until the factor is zero and the score undefined",
		},
	},
	reflect.TypeFor[epsilonSettings](): {
		"batch": {
			meaning: "images of one pass",
			legal:   "a whole number in [3, 65536], at most the training images there are",
			effect:  "time and memory grow with it; it sets how many logits are compared",
		},
		"low": {
			meaning: "the constant that all weights of the first network are",
			legal:   "a number above 0 and below high",
			effect:  "the closer low and high, the more alike the two networks' outputs",
		},
		"high": {
			meaning: "the constant that all weights of the second network are",
			legal:   "a number above low and below 1000000",
			effect:  "the closer low and high, the more alike the two networks' outputs",
		},
	},
	reflect.TypeFor[training.Settings](): {
		"channels": channelsText, "layers": layersText, "variant": variantText, "resolution": resolutionText,
		"init": initText, "precision": precisionText, "momentum": momentumText,
		"batch": {
			meaning: "images of one step; an epoch leaves out what fills no batch",
			legal:   "a whole number in [2, 65536], at most train_images",
			effect:  "memory grows with it; smaller ones make more, and noisier, steps an epoch",
		},
		"augment": {
			meaning: "crop training images at random (padded by 4 pixels) and flip them",
			legal:   "true or false",
			values:  []string{"true", "false"},
			effect:  "false overfits sooner; validation images are never changed",
		},
		"train_images": {
			meaning: "training images, the first of the data set; 0 means 5000, or three quarters of them if that is less",
			legal:   "a whole number, at least batch, or 0",
			effect:  "time grows with it",
		},
		"val_images": {
			meaning: "validation images, those behind the training images; 0 means 1000, or a quarter of them if that is " +
				"less",
			legal:  "a whole number, at least 1, or 0",
			effect: "time grows with it; an accuracy moves in steps of 100/val_images percent",
		},
		"val_norm": {
			meaning: "how validation normalises: running by statistics that trail those of the training batches (momentum " +
				"0.1), batch by those of each validation batch",
			legal:  "running or batch",
			values: []string{"running", "batch"},
			effect: "running statistics lag behind the weights in the first epochs; those of a batch do not",
		},
		"epochs": {
			meaning: "epochs of training",
			legal:   "a whole number in [1, 10000]",
			effect:  "time grows with it; scores come closer to the accuracy after full training",
		},
		"steps": {
			meaning: "steps after which training ends, within epochs; 0 means whole epochs",
			legal:   "a whole number, at least 1, or 0",
			effect:  "ends training before epochs are over, where less than an epoch is wanted",
		},
		"schedule_epochs": {
			meaning: "epochs until the cosine schedule takes the learning rate to zero; 0 means epochs",
			legal:   "a whole number, at least epochs, or 0",
			effect:  "more than epochs is the beginning of a longer training, broken off",
		},
		"learning_rate": {
			meaning: "learning rate of the first epoch, from which a cosine schedule takes it to zero",
			legal:   "a number above 0",
			effect:  "too small underfits within epochs, too large diverges, which is an undefined score",
		},
		"weight_decay": {
			meaning: "L2 penalty on all parameters",
			legal:   "a number, at least 0",
			effect:  "of little weight in the first epochs",
		},
		"clip": {
			meaning: "bound of the norm of the gradient; 0 means none",
			legal:   "a number, at least 0",
			effect:  "keeps single steps from destroying the weights; small bounds slow training down",
		},
		"cutout": {
			meaning: "side of the square that is blanked in training images, in pixels of the data set; 0 means none",
			legal:   "an even number, at least 0",
			effect:  "regularises, which first epochs need least",
		},
		"auxiliary": {
			meaning: "train the auxiliary head on a middle cell too",
			legal:   "true or false; not true in variant naslib, which has none",
			values:  []string{"true", "false"},
			effect:  "gives early cells a gradient of their own; costs some time",
		},
		"auxiliary_weight": {
			meaning: "weight of the auxiliary head's loss",
			legal:   "a number, at least 0; no effect without auxiliary=true",
			effect:  "0 trains the auxiliary head's part not at all",
		},
		"drop_path": {
			meaning: "probability that an edge is dropped for an image at the schedule's end, to which it rises evenly from 0",
			legal:   "a number in [0, 1); 0 in variant naslib, which has none",
			effect:  "regularises long trainings; slows down first epochs",
		},
	},
	reflect.TypeFor[earlyStopSettings](): {"at": {
		meaning: "epoch after which the curve is read, counted from 1; 0 means the last",
		legal:   "a whole number in [0, epochs]",
		effect:  "several values of it share one training, so that the whole curve costs one",
	}},
	reflect.TypeFor[sotlEScore](): {"last_epochs": {
		meaning: "E: the last epochs whose training losses are summed; more than there are means all",
		legal:   "a whole number, at least 1",
		effect:  "with all epochs it is sotl; few forget the beginning, where losses differ for other reasons",
	}},
	reflect.TypeFor[tseEMAScore](): {"gamma": {
		meaning: "discount of an epoch's loss against the next one's",
		legal:   "a number in [0, 1]",
		effect:  "1 sums all epochs alike, 0 takes the last alone",
	}},
	reflect.TypeFor[extrapolationSettings](): {"final_epoch": {
		meaning: "epoch at which the fitted curve is read",
		legal:   "a whole number, at least the epochs that are fitted",
		effect:  "the further out, the more the family of curves decides and the less the data",
	}},
}

// specialTexts are those of settings that mean something else in one estimator, by estimator.setting.
var specialTexts = map[string]text{
	"map-effdim.lambda":  mapLambda,
	"effdim-cell.lambda": mapLambda,
	"zico.batch": {
		meaning: "images of one batch; the setting batches says how many batches there are",
		legal:   "a whole number in [2, 65536]; batch times batches images are read",
		effect:  "time and memory grow with it; larger batches have less noisy gradients",
	},
}

var mapLambda = text{
	meaning: "times the mean eigenvalue: eigenvalues far above that count as a dimension each, those far below as none",
	legal:   "a number above 0",
	effect:  "smaller ones count more of the spectrum's tail, and with it noise",
}
