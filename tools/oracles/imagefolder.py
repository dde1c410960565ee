#!/usr/bin/python3
"""What torchvision's Resize and CenterCrop make of images (they are PIL's resize and crop, used here directly).

    /usr/bin/python3 tools/oracles/imagefolder.py

Writes bench301/dataset/testdata/imagefolder.json: PNG files in base64 and the pixels after scaling the shorter side to
`resize` (PIL's antialiased bilinear filter) and cutting `side` x `side` pixels out of the middle.
"""
import base64
import io
import json

import numpy as np
from PIL import Image

cases = []
for seed, (w, h, side, resize) in enumerate([(61, 40, 16, 18), (40, 61, 16, 18), (33, 33, 16, 16), (20, 50, 8, 9), (12, 9, 16, 20), (97, 64, 31, 35)]):
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[0:h, 0:w]
    smooth = [127 + 90 * np.sin(x / (2.0 + c) + y / (5.0 - c)) + 20 * rng.rand(h, w) for c in range(3)]
    img = Image.fromarray(np.stack(smooth, 2).clip(0, 255).astype(np.uint8))
    data = io.BytesIO()
    img.save(data, "png")
    # torchvision.transforms.functional.resize and center_crop
    size = (int(resize * w / h), resize) if w > h else (resize, int(resize * h / w))
    out = img.resize(size, Image.BILINEAR)
    top, left = int(round((size[1] - side) / 2.0)), int(round((size[0] - side) / 2.0))
    out = out.crop((left, top, left + side, top + side))
    cases.append({"png": base64.b64encode(data.getvalue()).decode(), "side": side, "resize": resize, "pixels": np.array(out).ravel().tolist()})
json.dump(cases, open("bench301/dataset/testdata/imagefolder.json", "w"))
