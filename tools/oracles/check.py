#!/usr/bin/env python3
"""Writes estimators/conformance/reference.json, the cases of `bench301 estimators --check`, from cases in
testdata/oracles/network: what draws weights and images, and the scores in float64. Run: /usr/bin/python3 tools/oracles/check.py
"""
import gzip, json, os

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "..", "..", "testdata", "oracles", "network")

# The tolerances are those of float32 passes against float64 ones in the format of the cases.
SUITE = {"l2_norm": 1e-6, "grad_norm": 1e-4, "snip": 1e-4, "fisher": 1e-3, "nwot": 1e-5}


def suite(name):
    f = json.load(gzip.open(os.path.join(CASES, name + ".json.gz")))
    p = f["f64"]["proxies"]
    n = next(c for c in f["counts"] if c["C"] == f["C"] and c["layers"] == f["layers"])
    scores = [{"estimator": k, "want": n[k], "tolerance": 0} for k in ("params", "macs", "flops")]
    scores += [{"estimator": k, "want": p[k], "tolerance": abs(p[k]) * t} for k, t in SUITE.items()]
    grasp = sum(abs(l["grasp"]) for l in f["per_layer_f64"])
    scores += [
        {"estimator": "plain", "want": p["plain"], "tolerance": 1e-6 * p["snip"]},
        {"estimator": "grasp", "want": p["grasp"], "tolerance": 1e-5 * grasp},
        {"estimator": "synflow", "want": p["synflow"], "tolerance": 1e-6},
        {"estimator": "zen", "want": p["zen"], "tolerance": 1e-5},
        {"estimator": "jacov-eval", "want": p["jacov_evalmode"], "tolerance": 1e-5 * abs(p["jacov_evalmode"])},
        {"estimator": "epe_nas-eval", "want": p["epe_nas_evalmode"], "tolerance": 1e-5 * p["epe_nas_evalmode"]},
    ]
    return {"name": name, "reference": "PyTorch 1.13 in float64, by NASLib's definitions", "arch": f["arch"], "channels": f["C"],
            "layers": f["layers"], "classes": f["classes"], "variant": "naslib", "resolution": 32, "batch": f["batch"],
            "labels": f["labels"], "seeds": f["seeds"], "scores": scores}


def rwe(name):
    f = json.load(gzip.open(os.path.join(CASES, name + ".json.gz")))
    cell = next(c for c in json.load(open(os.path.join(CASES, "effdim_cell.json")))["cases"] if c["name"] == name)
    r, sgd = f["ridge"], f["descent"][0]
    f["seeds"]["head"] = sgd["seed"]
    trained = ":epochs=%d,head_batch=%d" % (sgd["epochs"], sgd["batch"])
    scores = [
        {"estimator": "rwe" + trained, "want": sgd["val"]["accuracy"], "tolerance": 1e-9},
        {"estimator": "rwe" + trained + ",score=val-cross-entropy", "want": -sgd["val"]["cross_entropy"], "tolerance": 1e-5},
        {"estimator": "rwe-train" + trained, "want": sgd["train"]["accuracy"], "tolerance": 1e-9},
        {"estimator": "rwe-ridge", "want": r["val"]["accuracy"], "tolerance": 1e-9},
        {"estimator": "rwe-ridge:score=val-cross-entropy", "want": -r["val"]["cross_entropy"], "tolerance": 1e-5},
        {"estimator": "rwe-ridge:score=train-accuracy", "want": r["train"]["accuracy"], "tolerance": 1e-9},
        {"estimator": "featstd", "want": f["featstd"], "tolerance": 1e-5},
        {"estimator": "effdim", "want": f["effdim"]["0.3"], "tolerance": 1e-5 * f["effdim"]["0.3"]},
        {"estimator": "map-effdim", "want": f["map_effdim"]["0.1"], "tolerance": 1e-5 * f["map_effdim"]["0.1"]},
        {"estimator": "effdim-cell", "want": cell["effdim_cell"]["0.1"], "tolerance": 1e-5 * f["map_effdim"]["0.1"] / 25.5},
    ]
    return {"name": name, "reference": "PyTorch 1.13 and numpy in float64 (tools/oracles/rwe.py)", "arch": f["arch"], "channels": f["C"],
            "layers": f["layers"], "classes": f["classes"], "variant": f["variant"], "resolution": f["resolution"],
            "batch": f["batch"], "train_images": f["train_images"], "val_images": f["val_images"], "seeds": f["seeds"], "scores": scores}


# Scores published since 2022: what Parse reads, the number's proxy and key, and the tolerance relative to it.
NEWER = [
    ("zico", "zico", "zico_2x8", 1e-3), ("wrcor", "wrcor", "wrcor", 1e-8), ("meco", "meco", "meco_img1_leaf", 1e-5),
    ("meco_opt", "meco", "meco_opt_img1_leaf", 1e-5), ("near", "near", "near", 1e-6),
    ("epsinas", "epsinas", "epsinas_0.0001_10_one_logit", 1e-5), ("swap:batch=16,draws=1", "swap", "swap_gauss_N16", 0),
    ("regswap:batch=16,draws=1,mu=15,sigma=15", "swap", "regswap_gauss_N16_mu15_sigma15", 1e-12),
    ("ntk-eval", "tenas", "ntk_cond_eval_kaiming", 2e-4), ("vkdnw", "vkdnw", "vkdnw_entropy", 3e-3), ("dextr-eval", "dextr", "dextr_eval", 1e-5),
]


def newer(name):
    f = json.load(gzip.open(os.path.join(CASES, "newer_dev.json.gz")))["fixtures"][name]
    value = lambda proxy, key: f["proxies"][proxy]["f64"][key]
    scores = [{"estimator": e, "want": value(p, k), "tolerance": abs(value(p, k)) * t} for e, p, k, t in NEWER]
    scores += [{"estimator": "az-" + k, "want": value("aznas", k), "tolerance": 2e-6 * (f["layers"] + 1)} for k in ("expressivity", "progressivity", "trainability")]
    scores += [{"estimator": "gradsign-eval", "want": value("gradsign", "gradsign_evalmode"), "tolerance": 5}]
    return {"name": name, "reference": "the authors' code in PyTorch 1.13, float64", "arch": f["arch"], "channels": f["C"], "layers": f["layers"],
            "classes": 10, "variant": "naslib", "resolution": 32, "batch": f["batch"], "labels": f["labels16"],
            "coordinates": f["checks"]["dextr_coordinates"], "seeds": f["seeds"], "scores": scores}


def training(name):
    f = json.load(open(os.path.join(CASES, name + ".json")))
    last = {k: f[k][-1] for k in ("train_loss", "val_loss", "val_accuracy", "sotl", "sotl_e2", "tse_ema")}
    s = f["settings"]
    common = "epochs=%d,precision=float64,augment=false,cutout=0,auxiliary=true,auxiliary_weight=%g,learning_rate=%g,momentum=%g,weight_decay=%g,clip=%g" % (
        f["epochs"], f["auxiliary_weight"], s["lr"], s["momentum"], s["weight_decay"], s["clip"])
    want = {"early-stop:": last["val_accuracy"], "val-loss:": -last["val_loss"], "train-loss:": -last["train_loss"], "sotl:": -last["sotl"],
            "sotl-e:last_epochs=2,": -last["sotl_e2"], "tse-ema:gamma=%g," % s["gamma"]: -last["tse_ema"]}
    return {"name": name, "reference": "PyTorch 1.13 in float64 (tools/oracles/training.py)", "arch": f["arch"], "channels": f["C"],
            "layers": f["layers"], "classes": f["classes"], "variant": "darts", "resolution": 32, "batch": f["batch"],
            "train_images": f["train_images"], "val_images": f["val_images"], "seeds": f["seeds"],
            "scores": [{"estimator": k + common, "want": v, "tolerance": 1e-9 * max(1, abs(v))} for k, v in want.items()]}


def curves():
    cases = json.load(open(os.path.join(CASES, "extrapolation.json")))["cases"]
    return [{"accuracies": c["accuracies"], "final": c["final"], "want": {"lce-" + k: f["value"] for k, f in c["fits"].items()}} for c in cases[:12:3]]


if __name__ == "__main__":
    cases = [suite("fx_dev_r30_C4_L5"), suite("fx_dev_r34_C4_L5"), rwe("rwe_naslib_C4_L5"), rwe("rwe_darts_C4_L5"),
             newer("fx_dev_r30_C4_L5"), newer("fx_dev_r34_C4_L5"), training("training_b")]
    lines = lambda rows: "[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]"
    with open(os.path.join(HERE, "..", "..", "estimators", "conformance", "reference.json"), "w") as out:
        out.write('{"cases": %s,\n"curves": %s}\n' % (lines(cases), lines(curves())))
