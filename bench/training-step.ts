import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { workerEnvironment } from '../src/kit/net/engines/engine-environment.ts';

/**
 * One training step against the same network in PyTorch, in turns on the same cores: images per second and peak memory, and how
 * long a checkpoint takes.
 * `npm run --silent build && node dist/bench/training-step.js --python /path/to/python/with/torch`
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    network: { type: 'string', multiple: true, default: ['y1', 'r50'] },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));
const plans = { y1: { batch: 32, steps: 8 }, r50: { batch: 16, steps: 4 } };
const minSpeed = 0.8;
const maxMemory = 1.1;
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

function ours(network: string, batch: number, steps: number): Measured {
  const worker = join(repository, 'dist', 'bench', 'training-step-worker.js');
  const environment = workerEnvironment(trainingEngine().identity, Number(values.threads));
  return run(process.execPath, [worker, network, String(batch), String(steps), values.threads], environment);
}

function theirs(network: string, batch: number, steps: number): Measured {
  const script = join(repository, 'bench', 'peers', 'training_step.py');
  const args = [script, '--network', network, '--batch', String(batch), '--steps', String(steps)];
  return run(values.python, args, { OMP_NUM_THREADS: values.threads });
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

const model = cpus()[0]?.model ?? 'unknown';
console.log(`${model}, ${values.threads} threads, Node ${process.version}, median of ${values.rounds} rounds in turns`);
for (const [network, { batch, steps }] of Object.entries(plans)) {
  if (!values.network.includes(network)) continue;
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({
    theirs: theirs(network, batch, steps),
    ours: ours(network, batch, steps),
  }));
  const speed = median(rounds.map((round) => round.ours.imagesPerSecond / round.theirs.imagesPerSecond));
  const memory = median(rounds.map((round) => round.ours.peakMemoryBytes / round.theirs.peakMemoryBytes));
  for (const side of ['theirs', 'ours'] as const) {
    const images = rounds.map((round) => round[side].imagesPerSecond);
    const fastest = Math.max(...rounds.map((round) => round[side].fastest));
    const peak = Math.max(...rounds.map((round) => round[side].peakMemoryBytes)) / 2 ** 30;
    const name =
      side === 'ours' ? `faceflow (${rounds[0]?.ours.version ?? ''})` : `PyTorch ${rounds[0]?.theirs.version ?? ''}`;
    const figures = `${median(images).toFixed(1)} images/s (fastest step ${fastest.toFixed(1)}), ${peak.toFixed(2)} GiB`;
    console.log(`${network} batch ${batch}  ${name.padEnd(32)} ${figures}`);
  }
  const saving = median(rounds.map((round) => round.ours.checkpointSeconds ?? NaN));
  console.log(`${network} checkpoint in ${saving.toFixed(2)} s (at most ${maxCheckpointSeconds})`);
  console.log(
    `${network} speed ratio ${speed.toFixed(2)} (at least ${minSpeed}), memory ratio ${memory.toFixed(2)} (at most ${maxMemory})`,
  );
  if (!(speed >= minSpeed && memory <= maxMemory && saving <= maxCheckpointSeconds)) process.exitCode = 1;
}
