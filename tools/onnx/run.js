// Runs a model in onnxruntime and prints its logits as JSON, one row an image.
//
//   node tools/onnx/run.js model.onnx images.f32 channels height width
//
// images.f32 holds float32 values, little-endian, N x C x H x W. NODE_PATH must name a folder with onnxruntime-node:
//
//   npm install --ignore-scripts --prefix FOLDER onnxruntime-node@1.30.0
//   NODE_PATH=FOLDER/node_modules node tools/onnx/run.js ...
const fs = require('fs');
const ort = require('onnxruntime-node');

async function main() {
  const [model, images, ...shape] = process.argv.slice(2);
  const bytes = fs.readFileSync(images);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const dims = shape.map(Number);
  const n = values.length / dims.reduce((a, b) => a * b, 1);
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const { logits } = await session.run({ images: new ort.Tensor('float32', values, [n, ...dims]) });
  const classes = logits.dims[1];
  const rows = Array.from({ length: n }, (_, i) => Array.from(logits.data.slice(i * classes, (i + 1) * classes)));
  console.log(JSON.stringify(rows));
}

main().catch((e) => { console.error(e.message); process.exit(1); });
