import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';
import { workerEnvironment } from '../src/kit/net/engines/engine-environment.ts';

/**
 * ShapeInference through the onnxruntime engine against PyTorch eager and Python's onnxruntime, in turns on the same cores.
 * `npm run --silent build && node dist/bench/inference.js --python /path/to/python/with/torch/and/onnxruntime`
 *
 * With `--tensorflow`, the engine tensorflow instead: kernel by kernel, and as one graph, of one image and of many at a time.
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    network: { type: 'string', multiple: true, default: ['y1', 'r50'] },
    tensorflow: { type: 'boolean', default: false },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));
const steps = { y1: 12, r50: 4 } as const;
const batch = 32;
/** The least that the engine has to reach beside each. */
const least = { torch: 1.3, onnxruntime: 0.95 } as const;

interface Measured {
  readonly imagesPerSecond: number;
  readonly fastest: number;
  readonly peakMemoryBytes: number;
  readonly version: string;
}

function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const env = { ...process.env, ...environment };
  return execFileSync(command, args, { cwd: repository, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
}

interface OurOptions {
  readonly network: string;
  readonly count: number;
  readonly engine?: string;
  readonly images?: number;
  /** Write the network there, and measure nothing. */
  readonly file?: string;
}

function ours({ network, count, engine = 'onnxruntime', images = batch, file }: OurOptions): string {
  const worker = join(repository, 'dist', 'bench', 'inference-worker.js');
  const args = [worker, network, String(images), String(count), values.threads, engine];
  const { identity } = inferenceEngine({
    choice: engine.startsWith('tensorflow') ? 'tensorflow' : 'onnxruntime',
    override: undefined,
    stage: 'bench',
  });
  const environment = workerEnvironment(identity, Number(values.threads));
  return run(process.execPath, file === undefined ? args : [...args, file], environment);
}

function theirs(library: 'torch' | 'onnxruntime', network: string, count: number, file: string): string {
  const script = join(repository, 'bench', 'peers', 'inference.py');
  const which = library === 'torch' ? ['--network', network] : ['--file', file];
  const sizes = ['--batch', String(batch), '--steps', String(count), '--threads', values.threads];
  return run(values.python, [script, '--library', library, ...which, ...sizes]);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function show(name: string, measured: readonly Measured[]): void {
  const [first] = measured;
  const rate = median(measured.map(({ imagesPerSecond }) => imagesPerSecond));
  const fastest = Math.max(...measured.map((each) => each.fastest));
  const peak = Math.max(...measured.map(({ peakMemoryBytes }) => peakMemoryBytes)) / 2 ** 20;
  const figures = `${rate.toFixed(1)} images/s (fastest batch ${fastest.toFixed(1)}), ${peak.toFixed(0)} MiB`;
  console.log(`${name.padEnd(12)} ${(first?.version ?? '').padEnd(24)} ${figures}`);
}

function showMachine(): void {
  const model = cpus()[0]?.model ?? 'unknown';
  console.log(
    `${model}, ${values.threads} threads, Node ${process.version}, batch ${batch}, ${values.rounds} rounds in turns`,
  );
}

function compareTensorflow(): void {
  const engines = ['tensorflow-kernels', 'tensorflow'] as const;
  for (const [network, count] of Object.entries(steps)) {
    if (!values.network.includes(network)) continue;
    for (const images of [1, batch]) {
      const rounds = Array.from({ length: Number(values.rounds) }, () =>
        engines.map(
          (engine) =>
            JSON.parse(ours({ network, count: images === 1 ? 4 * count : count, engine, images })) as Measured,
        ),
      );
      console.log(`${network}, ${images} at a time`);
      for (const [index, engine] of engines.entries()) {
        show(
          engine === 'tensorflow' ? 'one graph' : 'kernels',
          rounds.flatMap((round) => round[index] ?? []),
        );
      }
    }
  }
}

function compareOnnxruntime(): void {
  const folder = mkdtempSync(join(tmpdir(), 'flow-bench-'));
  try {
    for (const [network, count] of Object.entries(steps)) {
      if (!values.network.includes(network)) continue;
      const file = join(folder, `${network}.onnx`);
      ours({ network, count, file });
      const rounds = Array.from({ length: Number(values.rounds) }, () => ({
        torch: JSON.parse(theirs('torch', network, count, file)) as Measured,
        ours: JSON.parse(ours({ network, count })) as Measured,
        onnxruntime: JSON.parse(theirs('onnxruntime', network, count, file)) as Measured,
      }));
      console.log(network);
      show(
        'faceflow',
        rounds.map((round) => round.ours),
      );
      for (const peer of ['torch', 'onnxruntime'] as const) {
        show(
          'Python',
          rounds.map((round) => round[peer]),
        );
        const ratio = median(rounds.map((round) => round.ours.imagesPerSecond / round[peer].imagesPerSecond));
        const best =
          Math.max(...rounds.map((round) => round.ours.fastest)) /
          Math.max(...rounds.map((round) => round[peer].fastest));
        console.log(
          `ratio to ${peer}: ${ratio.toFixed(2)}, of the fastest batches ${best.toFixed(2)} (at least ${least[peer]})`,
        );
        if (ratio < least[peer]) process.exitCode = 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

showMachine();
if (values.tensorflow) compareTensorflow();
else compareOnnxruntime();
