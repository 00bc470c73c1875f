import { cpSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { InputPaths } from '../../src/stage-api/stage.ts';
import { jpeg, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { storeOf } from '../kit/face/features/store-of.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { FileServer } from '../stages/fetch/file-server.ts';
import { flowCommand, Rig } from './rig.ts';
import { canTrace, filesReadBy, runTraced } from './traced-files.ts';

/*
 * What a stage reads is part of its key, or a change of it would leave an old result in place. So the files that the
 * process of a stage opens are its inputs, what these name (`references.ts`), its own scratch folder, its code, or the
 * system's.
 */
const repository = fileURLToPath(new URL('../../', import.meta.url));
// Of the licences a line of the log depends, no result.
const code = ['dist', 'node_modules', 'package.json', 'schemas', 'setup/licences.json', 'stages'].map((name) =>
  join(repository, name),
);
const system = ['/proc', '/sys', '/dev', '/etc', '/usr', '/lib', '/lib64', '/opt'];
const node = resolve(realpathSync(process.execPath), '../..');
const libraries =
  process.env['FLOW_LIBRARIES'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'faceflow');

/** The least that the last feature map of y1 allows. */
const trainingSide = 97;

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  writeFaceFolder(rig.path('faces'), { anna: 2, bert: 2, carl: 2 }, side);
  writeFaceFolder(rig.path('elsewhere'), { dora: 2 }, side);
  const [inside, outside] = ['carl/carl_0001.jpg', rig.path('elsewhere/dora/dora_0001.jpg')];
  rig.write('faces.lst', `1\t${inside}\t0\n1\t${outside}\t1\n1\t../elsewhere/dora/dora_0002.jpg\t1\n`);
  const corners = [0, 0, side, side, ...[0.3, 0.7, 0.5, 0.35, 0.65, 0.4, 0.4, 0.6, 0.8, 0.8].map((at) => at * side)];
  rig.write('points.lst', [inside, outside].map((path) => `0\t${path}\t0\t${corners.join('\t')}\n`).join(''));
  rig.write('pairs.txt', '1\t1\nanna\t1\t2\nanna\t1\tbert\t1\n');
  const set = new DatasetWriter(rig.path('set'));
  for (let index = 0; index < 8; index += 1) set.add(index >> 1, true, jpeg(index, trainingSide));
  set.finish({ height: trainingSide, width: trainingSide });
  for (const [name, width] of Object.entries({ pairs: side, large: trainingSide })) {
    const images = Array.from({ length: 40 }, (_, index) => jpeg(index % 5, width));
    writeVerificationSet(rig.path(`${name}.bin`), {
      images,
      same: Array.from({ length: 20 }, (_, index) => index % 2 === 0),
    });
  }
  linearModel(rig.path('net'));
  const probes = [
    ['anna/1.png', [1, 0]],
    ['anna/2.png', [0, 1]],
    ['bert/1.png', [-1, 0]],
  ] as const;
  storeOf(rig.path('features'), probes);
  storeOf(rig.path('distractors'), [['carl/1.png', [0, -1]]]);
  rig.write('noises.txt', 'anna/2.png\n');
  rig.write(
    't.yaml',
    JSON.stringify({ name: 't', stages: { t: { uses: 'train', with: { dataset: 'set', ...training } } } }),
  );
  expect((await rig.flow(['run', 't.yaml'], { FLOW_ENGINE: 'wasm' })).code).toBe(0);
  const [key = ''] = rig.entries();
  cpSync(rig.path('runs/cache', key, 'outputs/model'), rig.path('trained'), { recursive: true });
});

afterAll(async () => {
  await rig.dispose();
});

interface Use {
  /** Paths are relative to the workspace. */
  readonly inputs?: Readonly<Record<string, string | readonly string[]>>;
  readonly params?: object;
}

const training = {
  network: { name: 'y1', embeddingSize: 8 },
  loss: { name: 'softmax' },
  optimizer: { learningRate: 0.1 },
  schedule: { maxSteps: 1 },
  batch: 2,
};

/** Every stage that runs code of ours. */
const uses: Readonly<Record<string, Use>> = {
  'all-pairs': { inputs: { features: 'features' } },
  align: { inputs: { images: 'faces', list: 'points.lst' } },
  'centre-distances': { inputs: { dataset: 'set', model: 'trained' } },
  'clean-noise': { inputs: { dataset: 'set', model: 'trained' } },
  convert: { inputs: { model: 'net' }, params: { to: 'npz' } },
  face2rec: { inputs: { images: 'faces', list: 'faces.lst' } },
  features: { inputs: { model: ['net'], images: 'faces', list: 'faces.lst' } },
  fetch: {},
  megaface: { inputs: { probes: ['features'], distractors: 'distractors' } },
  'make-pairs': {
    inputs: { images: 'faces', model: 'net' },
    params: { people: 3, folds: 1, pairsPerFold: 3, hardShare: 0.5 },
  },
  'megaface-features': {
    inputs: { model: ['net'], probes: 'faces', probeList: 'faces.lst', distractors: 'faces' },
  },
  merge: { inputs: { datasets: ['set', 'set'] } },
  pairs2bin: { inputs: { images: 'faces', protocol: 'pairs.txt' } },
  relabel: { inputs: { dataset: 'set' } },
  'remove-noises': { inputs: { probes: 'features', probeNoises: 'noises.txt' } },
  'remove-overlap': {
    inputs: { datasets: ['set'], model: 'trained', pairs: ['large.bin'] },
    params: { threshold: 1 },
  },
  report: { inputs: { images: 'faces' } },
  split: { inputs: { dataset: 'set' }, params: { validationIdentities: 2 } },
  subset: { inputs: { dataset: 'set' } },
  synthesize: { params: { identities: 3, imagesPerIdentity: 2, heldOut: 2, pairs: 2 } },
  train: {
    inputs: { dataset: 'set', validation: ['large.bin'], pretrained: 'trained' },
    params: training,
  },
  unpack: { inputs: { dataset: 'set' } },
  verify: { inputs: { model: ['net'], pairs: ['pairs.bin'] } },
};

/** Runs an experiment of one stage and returns what its process read that is neither input nor code nor the system's. */
async function readBesides(stage: string, { inputs = {}, params = {} }: Use): Promise<string[]> {
  rig.write('e.yaml', JSON.stringify({ name: 'e', stages: { s: { uses: stage, with: { ...inputs, ...params } } } }));
  const trace = rig.path('trace');
  const env = { ...process.env, FLOW_ENGINE: 'wasm', NO_COLOR: '1' };
  await runTraced(trace, [process.execPath, flowCommand, 'run', 'e.yaml'], { cwd: rig.folder, env });
  const paths: InputPaths = Object.fromEntries(
    Object.entries(inputs).map(([port, at]) => [
      port,
      typeof at === 'string' ? rig.path(at) : at.map((each) => rig.path(each)),
    ]),
  );
  // The code of a stage of one's own is in the key too.
  const stageFolder = stage.startsWith('.') ? [rig.path(stage)] : [];
  const own = [...stageFolder, ...Object.values(paths).flat(), ...(await referencesOf(stage, paths))].filter(
    (path) => path !== undefined,
  );
  const allowed = [...own, rig.path('runs/scratch'), ...code, ...system, node, libraries];
  const read = filesReadBy('execute/worker.js', trace, rig.folder);
  expect(read.length).toBeGreaterThan(0);
  return read.filter((file) => !allowed.some((place) => file === place || file.startsWith(`${place}/`)));
}

async function referencesOf(stage: string, inputs: InputPaths): Promise<string[]> {
  const folder = join(repository, 'dist', 'stages', stage);
  if (stage.startsWith('.') || !readdirSync(folder).includes('references.js')) return [];
  const module = pathToFileURL(join(folder, 'references.js')).href;
  const { references } = (await import(module)) as { readonly references: FindReferences };
  // As the runner calls it: a port for several things has a list, though nothing is bound to it.
  const manifest = JSON.parse(readFileSync(join(repository, 'stages', stage, 'stage.json'), 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly many?: boolean }>>;
  };
  const empty = Object.entries(manifest.inputs).flatMap(([port, { many }]) => (many === true ? [[port, []]] : []));
  return [...references({ ...(Object.fromEntries(empty) as InputPaths), ...inputs })];
}

describe.skipIf(!canTrace)(
  'the files that a stage opens (needs strace, and the right to trace)',
  { timeout: 120_000 },
  () => {
    it('are watched for every stage that runs code of ours', () => {
      const stages = readdirSync(join(repository, 'stages')).filter((name) => name !== 'shell');
      expect(Object.keys(uses).sort()).toEqual(stages.sort());
    });

    it('are found where they are no input', async () => {
      rig.write('beside.txt', 'no input');
      rig.write(
        'stages/peeking/run.js',
        `import { copyFileSync } from 'node:fs';
       export const run = async ({ outputs }) => copyFileSync('${rig.path('beside.txt')}', outputs.out);`,
      );
      const outputs = { out: { kind: 'file', summary: 'A copy.', path: 'out.txt' } };
      const declared = { name: 'peeking', version: 1, summary: 'Reads what is no input.', inputs: {}, outputs };
      const params = { type: 'object', additionalProperties: false, properties: {} };
      rig.write('stages/peeking/stage.json', JSON.stringify({ ...declared, params }));
      expect(await readBesides('./stages/peeking', {})).toEqual([rig.path('beside.txt')]);
    });

    it.each(Object.entries(uses))('are its inputs, what these name, its code or the system: %s', async (stage, use) => {
      const server = await FileServer.open();
      const url = server.put('/pairs.txt', Buffer.from('1\t1\n'));
      const params = stage === 'fetch' ? { files: [{ url }] } : use.params;
      expect(await readBesides(stage, { ...use, ...(params === undefined ? {} : { params }) })).toEqual([]);
    });
  },
);
