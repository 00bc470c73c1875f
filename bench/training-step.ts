import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  parseEngineOverride,
  trainingEngine,
  webgpuFolder,
  webgpuVersion,
} from '../src/kit/net/engines/choose-engine.ts';
import { workerEnvironment } from '../src/kit/net/engines/engine-environment.ts';

/**
 * One training step on every engine against the same network in PyTorch, in turns on the same cores: images per second and peak
 * memory, and how long a checkpoint takes. PyTorch is measured with both of its layouts in memory, and the faster counts.
 * `npm run --silent build && node dist/bench/training-step.js --python /path/to/python/with/torch`; with `--network every` one row for
 * each engine that is installed, of two images at a time, since some take half a minute for them.
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    network: { type: 'string', multiple: true, default: ['y1', 'r50', 'r100'] },
    /** Ours besides the one that counts, each with a precision, or xla, behind a colon where it has several; they are slower, or round. */
    engine: { type: 'string', multiple: true, default: ['tensorflow:bfloat16'] },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));

interface Plan {
  readonly network: string;
  readonly batch: number;
  readonly steps: number;
  /** Images per second in relation to PyTorch's; absent where engines are compared that are not meant to be fast. */
  readonly minSpeed?: number;
  /** In place of those of `--engine`. */
  readonly engines?: readonly string[];
}

const webgpuIfHere = webgpuVersion(webgpuFolder()) === undefined ? [] : ['webgpu'];

const plans: Readonly<Record<string, Plan>> = {
  y1: { network: 'y1', batch: 32, steps: 8, minSpeed: 1.5 },
  r50: { network: 'r50', batch: 16, steps: 3, minSpeed: 1 },
  r100: { network: 'r100', batch: 8, steps: 3, minSpeed: 1 },
  every: { network: 'y1', batch: 2, steps: 2, engines: ['tensorflow:bfloat16', 'wasm', 'cpu', ...webgpuIfHere] },
};
const maxMemory = 1;
const maxCheckpointSeconds = 3;

interface Measured {
  readonly imagesPerSecond: number;
  readonly fastest: number;
  readonly peakMemoryBytes: number;
  /** Seconds to write a checkpoint; ours only. */
  readonly checkpointSeconds?: number;
  readonly version: string;
}

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Measured {
  const env = { ...process.env, ...environment };
  const output = execFileSync(command, args, {
    cwd: repository,
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output) as Measured;
}

function ours(engine: string, { network, batch, steps }: Plan): Measured {
  const worker = join(repository, 'dist', 'bench', 'training-step-worker.js');
  const [name = '', arithmetic = 'float32'] = engine.split(':');
  const environment = workerEnvironment(trainingEngine(parseEngineOverride(name)).identity, Number(values.threads));
  const args = [network, String(batch), String(steps), values.threads, name, arithmetic];
  return run(process.execPath, [worker, ...args], environment);
}

function theirs(layout: string, { network, batch, steps }: Plan): Measured {
  const script = join(repository, 'bench', 'peers', 'training_step.py');
  const args = ['--network', network, '--batch', String(batch), '--steps', String(steps), '--layout', layout];
  return run(values.python, [script, ...args], { OMP_NUM_THREADS: values.threads });
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

const counts = 'tensorflow';
const layouts = ['contiguous', 'channels_last'];
const model = cpus()[0]?.model ?? 'unknown';
console.log(`${model}, ${values.threads} threads, Node ${process.version}, median of ${values.rounds} rounds in turns`);
for (const [name, step] of Object.entries(plans)) {
  if (!values.network.includes(name)) continue;
  const { network, batch, minSpeed, engines: others = values.engine } = step;
  const sides: Readonly<Record<string, () => Measured>> = {
    ...Object.fromEntries(layouts.map((layout) => [`PyTorch, ${layout}`, () => theirs(layout, step)])),
    ...Object.fromEntries([counts, ...others].map((engine) => [`faceflow, ${engine}`, () => ours(engine, step)])),
  };
  const rounds = Array.from({ length: Number(values.rounds) }, () =>
    Object.fromEntries(Object.entries(sides).map(([name, measure]) => [name, measure()])),
  );
  const of = (name: string): Measured[] => rounds.flatMap((round) => round[name] ?? []);
  const speedOf = (name: string): number => median(of(name).map(({ imagesPerSecond }) => imagesPerSecond));
  const peer = layouts.map((layout) => `PyTorch, ${layout}`).sort((a, b) => speedOf(b) - speedOf(a))[0] ?? '';
  const ratio = (name: string, figure: (measured: Measured) => number): number => {
    const peers = of(peer);
    return median(of(name).map((measured, round) => figure(measured) / figure(peers[round] ?? measured)));
  };
  const speedRatio = (name: string): number => ratio(name, ({ imagesPerSecond }) => imagesPerSecond);
  const memoryRatio = (name: string): number => ratio(name, ({ peakMemoryBytes }) => peakMemoryBytes);
  for (const name of Object.keys(sides)) {
    const fastest = Math.max(...of(name).map((measured) => measured.fastest));
    const peak = Math.max(...of(name).map(({ peakMemoryBytes }) => peakMemoryBytes)) / 2 ** 30;
    const label = `${name} (${of(name)[0]?.version ?? ''})`.padEnd(54);
    const figures = `${speedOf(name).toPrecision(3)} images/s (fastest step ${fastest.toPrecision(3)}), ${peak.toFixed(2)} GiB`;
    const ratios = `speed ${speedRatio(name).toFixed(2)}, memory ${memoryRatio(name).toFixed(2)}`;
    console.log(`${network} batch ${batch}  ${label} ${figures}; of ${peer}: ${ratios}`);
  }
  if (minSpeed === undefined) continue;
  const own = `faceflow, ${counts}`;
  const saving = median(of(own).map(({ checkpointSeconds = NaN }) => checkpointSeconds));
  const [speed, memory] = [speedRatio(own), memoryRatio(own)];
  console.log(
    `${network} speed ratio ${speed.toFixed(2)} (at least ${minSpeed}), memory ratio ${memory.toFixed(2)} (at most ${maxMemory}), ` +
      `checkpoint in ${saving.toFixed(2)} s (at most ${maxCheckpointSeconds})`,
  );
  if (!(speed >= minSpeed && memory <= maxMemory && saving <= maxCheckpointSeconds)) process.exitCode = 1;
}
