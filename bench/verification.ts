import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readVerificationSet, writeVerificationSet } from '../src/kit/codec/insightface/verification-set.ts';

/**
 * A whole verification of LFW, from encoded images to the accuracy, with `flow run` on the onnxruntime engine against
 * the way of the 2018 system in MXNet. The set is what stage pairs2bin makes of aligned images and pairs.txt.
 * `npm run --silent build && node dist/bench/verification.js --model <folder>/model-0000.params --pairs lfw.bin --python <with mxnet>`
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    pairs: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    /** Only the first pairs of the set, on both sides; MXNet takes minutes for all of them. */
    first: { type: 'string' },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));
const leastRatio = 3;
const mostMemory = 2 ** 30;

interface Measured {
  readonly seconds: number;
  readonly accuracy: number;
  readonly deviation: number;
  readonly peakMemoryBytes: number;
}

function given(name: 'model' | 'pairs'): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return resolve(value);
}

interface Event {
  readonly type: string;
  readonly peakMemoryBytes?: number;
  readonly durationMs?: number;
  readonly figures?: readonly { readonly name: string; readonly value: number }[];
}

function ours(model: string, pairs: string): Measured {
  const workspace = mkdtempSync(join(tmpdir(), 'flow-bench-'));
  try {
    const stage = { uses: 'verify', with: { model, pairs, engine: 'onnxruntime' } };
    const experiment = { name: 'bench', summary: 'a bench', stages: { verify: stage } };
    writeFileSync(join(workspace, 'bench.yaml'), JSON.stringify(experiment));
    const command = join(repository, 'bin', 'flow.js');
    const output = execFileSync(process.execPath, [command, 'run', 'bench.yaml', '--json', '--cpus', values.threads], {
      cwd: workspace,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const events = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    const ended = events.find(({ type }) => type === 'run-ended');
    const figure = (name: string): number => ended?.figures?.find((each) => each.name === name)?.value ?? NaN;
    return {
      seconds: (ended?.durationMs ?? NaN) / 1000,
      accuracy: figure('accuracy'),
      deviation: figure('deviation'),
      peakMemoryBytes: events.find(({ type }) => type === 'attempt-ended')?.peakMemoryBytes ?? NaN,
    };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

function theirs(model: string, pairs: string): Measured {
  const script = join(repository, 'bench', 'peers', 'verification.py');
  const prefix = model.replace(/-\d+\.params$/, '');
  const args = [script, '--model', prefix, '--bin', pairs];
  const env = { ...process.env, OMP_NUM_THREADS: values.threads };
  const output = execFileSync(values.python, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output) as Measured;
}

function show(name: string, { seconds, accuracy, deviation, peakMemoryBytes }: Measured): void {
  const memory = (peakMemoryBytes / 2 ** 20).toFixed(0);
  console.log(
    `${name.padEnd(10)} ${seconds.toFixed(1)} s, ${accuracy.toFixed(5)}+-${deviation.toFixed(5)}, ${memory} MiB`,
  );
}

const model = given('model');
const set = readVerificationSet(given('pairs'));
const count = values.first === undefined ? set.same.length : Number(values.first);
const folder = mkdtempSync(join(tmpdir(), 'flow-bench-'));
try {
  const pairs = join(folder, 'lfw.bin');
  writeVerificationSet(pairs, { images: set.images.slice(0, 2 * count), same: set.same.slice(0, count) });
  console.log(`${cpus()[0]?.model ?? 'unknown'}, ${values.threads} threads, Node ${process.version}, ${count} pairs`);
  const here = ours(model, pairs);
  show('faceflow', here);
  const there = theirs(model, pairs);
  show('MXNet', there);
  const ratio = there.seconds / here.seconds;
  console.log(`ratio ${ratio.toFixed(1)} (at least ${leastRatio})`);
  if (ratio < leastRatio || here.peakMemoryBytes > mostMemory) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
