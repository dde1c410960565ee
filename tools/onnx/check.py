#!/usr/bin/python3
"""Checks ONNX models with the onnx package: validity, shapes of all values, versions.

    /usr/bin/python3 tools/onnx/check.py model.onnx...
"""
import sys

import onnx

for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    shaped = {v.name for v in inferred.graph.value_info if v.type.tensor_type.HasField("shape")}
    missing = [o for n in model.graph.node for o in n.output if o not in shaped and o != "logits"]
    assert not missing, missing
    assert model.ir_version <= 8 and all(o.version <= 17 for o in model.opset_import)
    print("%s: IR %d, opset %d, %d operators, %d tensors" % (
        path, model.ir_version, model.opset_import[0].version, len(model.graph.node), len(model.graph.initializer)))
