import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { embeddingSize, linearModel, side } from '../stages/linear-model.ts';
import { isAlive, Rig, until } from './rig.ts';

/** Enough that a kill meets them in the middle. */
const images = { probes: 800, distractors: 800 };
/** Bytes of a row with its position and its check sum: see row-file.ts. */
const recordBytes = 4 + 4 * embeddingSize + 8;

const experiment = `name: killed
stages:
  features:
    uses: megaface-features
    with: { model: [model], probes: facescrub, distractors: megaface, batch: 1 }
`;
const call = ['run', 'killed.yaml', '--json'];

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
  rig.write('killed.yaml', experiment);
  linearModel(rig.path('model'), 3);
  for (const folder of ['facescrub', 'megaface']) mkdirSync(rig.path(folder));
  writeFaceFolder(rig.path('facescrub'), { Ada: images.probes }, side);
  writeFaceFolder(rig.path('megaface', '375'), { '37531198@N00': images.distractors }, side);
});

afterAll(async () => {
  await rig.dispose();
});

/** Rows that are kept of a set. */
function keptRows(set: number): number {
  const [file] = filesIn(rig.path('runs')).filter((path) => path.endsWith(`rows-${set}-0`));
  return file === undefined ? 0 : Math.floor(statSync(file).size / recordBytes);
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
}

/** The process of the stage: the one that the runner has started. */
function workerOf(runner: number): number {
  const [worker] = readFileSync(`/proc/${runner}/task/${runner}/children`, 'utf8').trim().split(' ').map(Number);
  if (worker === undefined) throw new Error('the runner has started nothing');
  return worker;
}

function result(): readonly Buffer[] {
  const outputs = rig.path('runs', rig.runs().at(-1) ?? '', 'outputs/features');
  return ['FaceScrub_Features', 'MegaFace_Features'].flatMap((set) =>
    ['features.bin', 'names.txt', 'features.json'].map((file) => readFileSync(join(outputs, set, file))),
  );
}

it(
  'features whose stage is killed, and then their run, go on where they were and have the same bytes',
  { timeout: 120_000 },
  async () => {
    const first = rig.start(call);
    await until(() => keptRows(0) >= 20, 'rows of probes are kept');
    process.kill(workerOf(first.process.pid ?? 0), 'SIGKILL');
    expect((await first.ended).code).toBe(1);
    const probes = keptRows(0);
    expect(probes).toBeLessThan(images.probes);

    const second = rig.start(call);
    await until(() => keptRows(1) >= 20, 'rows of distractors are kept');
    const worker = workerOf(second.process.pid ?? 0);
    second.process.kill('SIGKILL');
    process.kill(worker, 'SIGKILL');
    const { stdout } = await second.ended;
    expect(stdout).toMatch(new RegExp(`continuing after (${probes}|${probes - 1}) of ${images.probes} images`));
    await until(() => !isAlive(worker), 'the stage ends');
    expect(keptRows(1)).toBeLessThan(images.distractors);

    const third = await rig.flow(call);
    expect(third.code).toBe(0);
    expect(third.stdout).toMatch(new RegExp(`continuing after [0-9]+ of ${images.distractors} images`));
    const resumed = result();
    expect((await rig.flow([...call, '--force', 'features'])).code).toBe(0);
    expect(result().map((bytes, index) => bytes.equals(resumed[index] ?? Buffer.alloc(0)))).toEqual(
      resumed.map(() => true),
    );
  },
);
