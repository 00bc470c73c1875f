import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { packageFolder } from '../src/core/package-folder.ts';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { workerEnvironment } from '../src/kit/net/engines/engine-environment.ts';
import { buildPerson, drawFace } from '../stages/synthesize/draw-face.ts';
import { drawIdentity } from '../stages/synthesize/identity.ts';
import { drawShot } from '../stages/synthesize/shot.ts';
import { mpiHere } from './mpi-here.ts';
import { type RankCurve, rankCurvesSvg } from './ranks-curves/rank-curves-svg.ts';

/**
 * Whether two ranks learn what one process learns: y1 with ArcFace on drawn faces, from a network that has learned a little, with the classes shared among
 * the ranks and not; beside it one process with another number of threads, which rounds otherwise as well. Draws the losses
 * and their differences: `npm run --silent build && node dist/bench/ranks-curves.js`. What is in the workspace is not computed again.
 */
const { values } = parseArgs({
  options: {
    workspace: { type: 'string', default: 'runs/ranks-curves' },
    picture: { type: 'string', default: 'docs/images/ranks.svg' },
    result: { type: 'string', default: 'bench/results/ranks-curves.txt' },
    identities: { type: 'string', default: '8' },
    learn: { type: 'string', default: '60' },
    steps: { type: 'string', default: '60' },
    measured: { type: 'string', default: '20' },
    batch: { type: 'string', default: '16' },
    rate: { type: 'string', default: '0.0005' },
    /** From the network as it is drawn as well. */
    fresh: { type: 'boolean', default: false },
  },
});
const perIdentity = 8;
const { workspace, batch, measured } = values;
mkdirSync(workspace, { recursive: true });
const images = join(workspace, 'images.rgb');
const worker = join(packageFolder(), 'dist', 'bench', 'ranks-curves-worker.js');
const mpi = mpiHere();

function drawImages(): void {
  const faces: Buffer[] = [];
  for (let identity = 0; identity < Number(values.identities); identity += 1) {
    const person = buildPerson(drawIdentity(Random.derive(1, `identity ${identity}`)));
    for (let shot = 0; shot < perIdentity; shot += 1) {
      faces.push(Buffer.from(drawFace(person, drawShot(Random.derive(1, `shot ${identity} ${shot}`), 0.5)).data));
    }
  }
  writeFileSync(images, Buffer.concat(faces));
}

interface Training {
  readonly name: string;
  readonly ranks: number;
  readonly threads: number;
  readonly args: readonly string[];
}

interface Trained {
  readonly losses: readonly number[];
  readonly moving: readonly { readonly isMoving: boolean; readonly size: number }[];
}

const fileOf = (name: string, kind: string): string => join(workspace, `${name}.${kind}`);

function train({ name, ranks, threads, args }: Training): Trained {
  const answer = fileOf(name, 'json');
  if (!existsSync(answer)) {
    const own = [
      '--images',
      images,
      '--perIdentity',
      String(perIdentity),
      '--batch',
      batch,
      '--threads',
      String(threads),
    ];
    const call = [worker, ...own, '--parameters', fileOf(name, 'parameters'), ...args];
    const [program, ...options] = mpi.launcher;
    const joined = [...options, '-n', String(ranks), process.execPath, ...call, '--library', mpi.library];
    const env = { ...process.env, ...workerEnvironment(trainingEngine().identity, threads) };
    const [command, ...rest] = ranks === 1 ? [process.execPath, ...call] : [program, ...joined];
    const output = execFileSync(command, rest, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(answer, output.trim().split('\n').at(-1) ?? '');
    console.error(`trained ${name}`);
  }
  return JSON.parse(readFileSync(answer, 'utf8')) as Trained;
}

/** Of trained parameters, not of moving statistics. */
function farthest(one: string, other: string, { moving }: Trained): number {
  const [first, second] = [one, other].map(
    (name) => new Float32Array(new Uint8Array(readFileSync(fileOf(name, 'parameters'))).buffer),
  ) as [Float32Array, Float32Array];
  let [at, greatest] = [0, 0];
  for (const { isMoving, size } of moving) {
    for (const end = at + size; at < end; at += 1) {
      if (!isMoving) greatest = Math.max(greatest, Math.abs((first[at] ?? NaN) - (second[at] ?? NaN)));
    }
  }
  return greatest;
}

if (!existsSync(images)) drawImages();
const learning = ['--loss', 'softmax', '--steps', values.learn, '--measured', values.learn, '--rate', '0.05'];
train({ name: 'start', ranks: 1, threads: 2, args: learning });
const lines = [
  `y1, ArcFace, ${values.identities} drawn identities, batch ${batch}, rate ${values.rate}, momentum 0.9: the greatest differences from one process of one thread`,
  `in the losses of ${measured} steps, in the parameters after them, and in the losses of ${values.steps} steps`,
];
const curves: RankCurve[] = [];
for (const from of values.fresh ? ['learned', 'drawn'] : ['learned']) {
  const begin = from === 'learned' ? ['--start', fileOf('start', 'parameters')] : [];
  const args = [...begin, '--steps', values.steps, '--measured', measured, '--rate', values.rate];
  const trainings: readonly Training[] = [
    { name: `${from}, one process`, ranks: 1, threads: 1, args },
    { name: `${from}, one process of two threads`, ranks: 1, threads: 2, args },
    { name: `${from}, two ranks, classes shared`, ranks: 2, threads: 1, args },
    { name: `${from}, two ranks, all classes on each`, ranks: 2, threads: 1, args: [...args, '--whole'] },
  ];
  const [reference = { losses: [], moving: [] }, ...others] = trainings.map(train);
  const differences = others.map(({ losses }) =>
    losses.map((loss, at) => Math.abs(loss - (reference.losses[at] ?? NaN))),
  );
  if (from === 'learned') curves.push({ name: 'one process', losses: reference.losses });
  for (const [index, difference] of differences.entries()) {
    const name = trainings[index + 1]?.name ?? '';
    const weights = farthest(trainings[0]?.name ?? '', name, reference);
    const early = Math.max(...difference.slice(0, Number(measured)));
    const figures = [early, weights, Math.max(...difference)].map((each) => each.toExponential(1)).join('  ');
    lines.push(`${name.padEnd(44)} ${figures}`);
    const losses = others[index]?.losses ?? [];
    if (from === 'learned') curves.push({ name: name.replace('learned, ', ''), losses });
  }
}
const text = `${lines.join('\n')}\n`;
writeFileSync(values.result, text);
writeFileSync(values.picture, rankCurvesSvg(curves));
console.log(text);
