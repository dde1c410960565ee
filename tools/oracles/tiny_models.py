#!/usr/bin/env python3
"""Writes the small models that fuzzing starts from, in every form that XGBoost 1.7 and PyTorch can write.

    /usr/bin/python3 tools/oracles/tiny_models.py      (needs numpy, xgboost and torch)
"""
import collections, os, pickle
import numpy as np
import torch
import xgboost as xgb

INTERNAL = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "bench301", "surrogate", "internal")


def place(package, name):
    folder = os.path.join(INTERNAL, package, "testdata")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)


def boosters():
    rng = np.random.default_rng(1)
    x = rng.integers(-1, 7, (60, 56)).astype(np.float32)
    y = x[:, 10] * 0.5 + x[:, 40] + rng.normal(0, 0.1, 60)
    booster = xgb.train({"max_depth": 2, "base_score": 0.25, "verbosity": 0}, xgb.DMatrix(x, y), 2)
    booster.save_model(place("xgb", "tiny.json"))
    booster.save_model(place("xgb", "tiny.ubj"))
    booster.save_model(place("xgb", "tiny.bin"))
    with open(place("xgb", "tiny.pkl"), "wb") as f:
        pickle.dump(booster, f, protocol=4)


def tensors():
    two = collections.OrderedDict(weight=torch.randn(2, 3), steps=torch.tensor(7))
    torch.save(two, place("torch", "two.legacy"), _use_new_zipfile_serialization=False)
    torch.save(two, place("torch", "two.zip"))


if __name__ == "__main__":
    boosters()
    tensors()
