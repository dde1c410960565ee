package estimators

// registry lists the entries, which stand beside the code of their estimators, in the order of All.
var registry = []definition{
	// Counts, Random-Weight Evaluation and its kin, and the scores of NAS-Bench-Suite-Zero.
	paramsEntry, macsEntry, flopsEntry, poolCountEntry, l2NormEntry,
	rweEntry, rweRidgeEntry, rweTrainEntry, randomLabelEntry, featStdEntry, effDimEntry, mapEffDimEntry,
	effDimCellEntry,
	gradNormEntry, snipEntry, plainEntry, graspEntry, fisherEntry, synflowEntry, nwotEntry,
	jacovEntry, epeNASEntry, jacovEvalEntry, epeNASEvalEntry, zenEntry,
	// Scores published since 2022.
	zicoEntry, mecoEntry, mecoOptEntry, swapEntry, regSwapEntry,
	azExpressivityEntry, azProgressivityEntry, azTrainabilityEntry, nearEntry, gradSignEntry, ntkEntry,
	epsinasEntry, dextrEntry, wrcorEntry, vkdnwEntry, sepConvCountEntry, depthEntry,
	// Scores of networks in training. Those with the same settings share one training.
	earlyStopEntry, valLossEntry, trainLossEntry, sotlEntry, sotlEEntry, tseEMAEntry,
	lcePowerEntry, lceLogPowerEntry, lceEnsembleEntry,
}
