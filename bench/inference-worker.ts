import { writeFileSync } from 'node:fs';
import { Random } from '../src/core/random.ts';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { loadOnnxruntime } from '../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { graphEmbedder, imagesOnCpu } from '../src/kit/net/sessions/embedder.ts';
import { graphSession } from '../src/kit/net/sessions/graph-session.ts';
import type { InferenceSession } from '../src/kit/net/sessions/inference-session.ts';
import { graphOnOnnxruntime } from '../src/kit/net/sessions/open-session.ts';
import { backbones, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { foldBatchNormalization } from '../src/kit/net/passes/fold-batch-normalization.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { initialValues } from '../src/kit/net/model/initialize.ts';
import { onnxBytes } from '../src/kit/net/exchange/onnx/write-onnx.ts';

/*
 * One side of bench/inference.ts in a process of its own: embeds batches, bytes in, floats out, through the engine
 * `onnxruntime`, through `tensorflow`, or through `tensorflow-kernels`, which executes one after the other; and prints one line of JSON.
 * With a path, writes the same network for Python's onnxruntime and ends.
 */
const [name = 'y1', batch = '32', steps = '8', threads = '2', engine = 'onnxruntime', file] = process.argv.slice(2);

const networks = { y1: chooseNetwork('y1', { embeddingSize: 128 }), r50: chooseNetwork('r50') };
const options = name === 'r50' ? networks.r50 : networks.y1;
const graph = buildNetwork(options, { height: 112, width: 112 });
const shaped = inferShapes(graph);
const { weights } = backbones[options.name];
const parameters = new Map(
  shaped.parameters.map((parameter) => [parameter.name, initialValues(parameter, weights, 1)]),
);
const model = { ...foldBatchNormalization({ shaped, parameters }), origin: {} };

/** Runs before a network is recorded, that one, and the next, in which TensorFlow prepares its graph. */
const warmup = 4;

if (file === undefined) await measure();
else writeFileSync(file, onnxBytes(model));

async function openSession(): Promise<{ readonly session: InferenceSession; readonly version: string }> {
  if (engine !== 'onnxruntime') {
    const { identity } = inferenceEngine({ choice: 'tensorflow', override: undefined, stage: 'bench' });
    const after = engine === 'tensorflow' ? {} : { recordAfter: Infinity };
    const backend = await loadBackend(identity, { threads: Number(threads), ...after });
    return { session: graphSession(backend, model), version: identity.version };
  }
  const { identity } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'bench' });
  const runtime = loadOnnxruntime(identity, { threads: Number(threads) });
  const options = { input: 'bytes', ownSizeOnly: true, maxBatchOnCpu: imagesOnCpu } as const;
  const session = await graphOnOnnxruntime(runtime, { kind: 'graph', model, file: name }, options);
  return { session, version: identity.version };
}

async function measure(): Promise<void> {
  const { session, version } = await openSession();
  const embedder = graphEmbedder(session, model.shaped);
  const count = Number(batch);
  // Noise, as the peers get: onnxruntime's PRelu is quicker on a pattern that branch prediction can learn.
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: count * 112 * 112 * 3 }, () => Math.floor(random.uniform(0, 256)));
  const seconds: number[] = [];
  for (let step = 0; step < Number(steps) + warmup; step += 1) {
    const start = performance.now();
    await embedder.embed(pixels, count);
    seconds.push((performance.now() - start) / 1000);
  }
  const measured = seconds.slice(warmup).sort((a, b) => a - b);
  const imagesPerSecond = count / (measured[Math.floor(measured.length / 2)] ?? NaN);
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const fastest = count / (measured[0] ?? NaN);
  process.stdout.write(`${JSON.stringify({ imagesPerSecond, fastest, peakMemoryBytes, version })}\n`);
}
