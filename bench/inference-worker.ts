import { writeFileSync } from 'node:fs';
import { Random } from '../src/core/random.ts';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';
import { loadOnnxruntime } from '../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { graphEmbedder, imagesOnCpu } from '../src/kit/net/sessions/embedder.ts';
import { graphOnOnnxruntime } from '../src/kit/net/sessions/open-session.ts';
import { backbones, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { foldBatchNormalization } from '../src/kit/net/passes/fold-batch-normalization.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { initialValues } from '../src/kit/net/model/initialize.ts';
import { onnxBytes } from '../src/kit/net/exchange/onnx/write-onnx.ts';

/*
 * One side of bench/inference.ts in a process of its own: embeds batches through the onnxruntime engine, bytes in, floats
 * out, and prints one line of JSON. With a path, writes the same network for Python's onnxruntime and ends.
 */
const [name = 'y1', batch = '32', steps = '8', threads = '2', file] = process.argv.slice(2);

const networks = { y1: chooseNetwork('y1', { embeddingSize: 128 }), r50: chooseNetwork('r50') };
const options = name === 'r50' ? networks.r50 : networks.y1;
const graph = buildNetwork(options, { height: 112, width: 112 });
const shaped = inferShapes(graph);
const { weights } = backbones[options.name];
const parameters = new Map(
  shaped.parameters.map((parameter) => [parameter.name, initialValues(parameter, weights, 1)]),
);
const model = { ...foldBatchNormalization({ shaped, parameters }), origin: {} };

if (file === undefined) await measure();
else writeFileSync(file, onnxBytes(model));

async function measure(): Promise<void> {
  const { identity } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'bench' });
  const engine = loadOnnxruntime(identity, { threads: Number(threads) });
  const options = { input: 'bytes', ownSizeOnly: true, maxBatchOnCpu: imagesOnCpu } as const;
  const session = await graphOnOnnxruntime(engine, { kind: 'graph', model, file: name }, options);
  const embedder = graphEmbedder(session, model.shaped);
  const count = Number(batch);
  // Noise, as the peers get: onnxruntime's PRelu is quicker on a pattern that branch prediction can learn.
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: count * 112 * 112 * 3 }, () => Math.floor(random.uniform(0, 256)));
  const seconds: number[] = [];
  for (let step = 0; step < Number(steps) + 2; step += 1) {
    const start = performance.now();
    await embedder.embed(pixels, count);
    seconds.push((performance.now() - start) / 1000);
  }
  const measured = seconds.slice(2).sort((a, b) => a - b);
  const imagesPerSecond = count / (measured[Math.floor(measured.length / 2)] ?? NaN);
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const fastest = count / (measured[0] ?? NaN);
  process.stdout.write(`${JSON.stringify({ imagesPerSecond, fastest, peakMemoryBytes, version: identity.version })}\n`);
}
