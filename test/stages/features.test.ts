import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { featureMatrix } from '../../src/kit/codec/megaface/feature-matrix.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/features/contract.ts';
import { run } from '../../stages/features/run.ts';
import { failuresOf, jpeg, temporaryFolder, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { readIndexFile } from '../../src/kit/codec/mxnet/index-file.ts';
import { embed, embeddingSize, linearModel, side } from './linear-model.ts';

const params: Params = {
  batch: 2,
  engine: 'auto',
  layout: 'matrix',
  suffix: '',
  unreadable: 'fail',
};

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StageEvent) => void;
}

interface Prepared {
  readonly folder: string;
  readonly weights: readonly Float32Array[];
}

/** Two models, and five images of two people. */
function prepared(): Prepared {
  const folder = temporaryFolder();
  const weights = [1, 2].map((seed) => linearModel(join(folder, `model-${seed}`), seed));
  mkdirSync(join(folder, 'images'));
  writeFaceFolder(join(folder, 'images'), { Ada: 2, Ben: 3 }, side);
  return { folder, weights };
}

async function features(folder: string, job: Job = {}): Promise<readonly StageEvent[]> {
  const events: StageEvent[] = [];
  await run({
    params: { ...params, ...job.params },
    inputs: {
      ...{ model: [join(folder, 'model-1')], images: join(folder, 'images'), list: undefined, dataset: undefined },
      ...job.inputs,
    },
    outputs: { features: join(folder, 'features') },
    scratch: folder,
    seed: 1,
    signal: job.signal ?? new AbortController().signal,
    engine: trainingEngine('cpu').identity,
    cpus: 1,
    emit(event) {
      events.push(event);
      job.onEvent?.(event);
    },
  });
  return events;
}

describe('images beside the folders of people', () => {
  it('get no row, and are named', async () => {
    const { folder } = prepared();
    copyFileSync(join(folder, 'images', 'Ada', 'Ada_0001.jpg'), join(folder, 'images', 'stray.jpg'));
    const events = await features(folder);
    expect(events).toContainEqual({
      type: 'log',
      level: 'warning',
      message: 'images that are not in the folder of an identity get no row: 1, stray.jpg',
    });
  });
});

/** The unit sum of both orientations, computed here. */
async function expectedRow(file: string, weights: Float32Array): Promise<number[]> {
  const { data } = await decodeImage(readFileSync(file), file);
  const mirrored = embed(data, weights, true);
  const sum = embed(data, weights, false).map((value, index) => value + (mirrored[index] ?? 0));
  return sum.map((value) => value / Math.hypot(...sum));
}

function rowsOf(folder: string): { names: string[]; rows: number[][] } {
  const { columns, values } = decodeFile(featureMatrix, join(folder, 'features', 'features.bin'));
  const names = readFileSync(join(folder, 'features', 'names.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  return { names, rows: names.map((_, row) => Array.from(values.slice(row * columns, (row + 1) * columns))) };
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [index, value] of wanted.entries()) expect(found[index]).toBeCloseTo(value, 5);
}

describe('the features stage', () => {
  it('returns a row per image of a folder: the sum of both orientations, brought to length 1', async () => {
    const { folder, weights } = prepared();
    await features(folder);
    const { names, rows } = rowsOf(folder);
    expect(names).toEqual([
      'Ada/Ada_0001.jpg',
      'Ada/Ada_0002.jpg',
      'Ben/Ben_0001.jpg',
      'Ben/Ben_0002.jpg',
      'Ben/Ben_0003.jpg',
    ]);
    for (const [index, name] of names.entries()) {
      expectClose(rows[index] ?? [], await expectedRow(join(folder, 'images', name), weights[0] ?? new Float32Array()));
    }
    expect(JSON.parse(readFileSync(join(folder, 'features', 'features.json'), 'utf8'))).toEqual({
      ...{ format: 'faceflow-features', version: 1, layout: 'matrix', rows: 5, columns: embeddingSize },
      ...{ models: ['model-1'], engine: { name: 'cpu', version: '4.22.0' } },
      contract: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('concatenates the rows of several models and brings the whole to length 1', async () => {
    const { folder, weights } = prepared();
    await features(folder, { inputs: { model: [join(folder, 'model-1'), join(folder, 'model-2')] } });
    const { names, rows } = rowsOf(folder);
    const file = join(folder, 'images', names[3] ?? '');
    const parts = await Promise.all(weights.map((each) => expectedRow(file, each)));
    expectClose(
      rows[3] ?? [],
      parts.flat().map((value) => value / Math.SQRT2),
    );
  });

  it('takes the images of a list in its order, and writes a file for each as the development kit reads it', async () => {
    const { folder, weights } = prepared();
    writeFileSync(join(folder, 'some.lst'), '1\tBen/Ben_0003.jpg\t1\n1\tAda/Ada_0001.jpg\t0\n');
    await features(folder, {
      inputs: { list: join(folder, 'some.lst') },
      params: { layout: 'files', suffix: '_y1_8x8' },
    });
    expect(existsSync(join(folder, 'features', 'Ben', 'Ben_0001.jpg_y1_8x8.bin'))).toBe(false);
    const bytes = readFileSync(join(folder, 'features', 'Ben', 'Ben_0003.jpg_y1_8x8.bin'));
    // rows, columns, row stride in bytes, element type 5
    expect([0, 4, 8, 12].map((offset) => bytes.readInt32LE(offset))).toEqual([embeddingSize, 1, 4, 5]);
    const values = Array.from({ length: embeddingSize }, (_, index) => bytes.readFloatLE(16 + 4 * index));
    const file = join(folder, 'images', 'Ben', 'Ben_0003.jpg');
    expectClose(values, await expectedRow(file, weights[0] ?? new Float32Array()));
  });

  it('returns a row per image of a packed set, named by its number', async () => {
    const { folder, weights } = prepared();
    const dataset = join(folder, 'packed');
    const writer = new DatasetWriter(dataset);
    const files = ['Ben/Ben_0002.jpg', 'Ada/Ada_0001.jpg'].map((name) => join(folder, 'images', name));
    for (const [label, file] of files.entries()) writer.add(label, true, readFileSync(file));
    writer.finish({ height: side, width: side });
    await features(folder, { inputs: { images: undefined, dataset } });
    const { names, rows } = rowsOf(folder);
    expect(names).toEqual(['0', '1']);
    for (const [index, file] of files.entries()) {
      expectClose(rows[index] ?? [], await expectedRow(file, weights[0] ?? new Float32Array()));
    }
  });

  it('resumes from the rows an interrupted run has left, and writes the same bytes', async () => {
    const { folder } = prepared();
    const stop = new AbortController();
    const interrupted = features(folder, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'progress') stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(/abort/i);
    const events = await features(folder);
    const [first] = events.filter((event) => event.type === 'progress');
    expect(first).toMatchObject({ done: 4, total: 5 });
    const other = prepared();
    await features(other.folder);
    const bytes = (from: string): Buffer => readFileSync(join(from, 'features', 'features.bin'));
    expect(bytes(folder).equals(bytes(other.folder))).toBe(true);
  });

  it('fails on an image that cannot be decoded, or leaves it out and says so', async () => {
    const { folder } = prepared();
    const bad = join(folder, 'images', 'Ada', 'Ada_0002.jpg');
    writeFileSync(bad, readFileSync(bad).subarray(0, 200));
    const [failure] = await failuresOf(() => features(folder));
    expect(failure).toMatchObject({ code: 'undecodable-image', at: { file: bad } });
    const events = await features(folder, { params: { unreadable: 'skip' } });
    expect(rowsOf(folder).names).not.toContain('Ada/Ada_0002.jpg');
    expect(rowsOf(folder).names).toHaveLength(4);
    const warnings = events.filter((event) => event.type === 'log' && event.level === 'warning');
    expect(warnings.map((event) => event.type === 'log' && event.message)).toEqual([
      expect.stringContaining('skipped: image Ada/Ada_0002.jpg'),
      'features: 5 images, 4 embedded, 1 unreadable',
    ]);
    const index = JSON.parse(readFileSync(join(folder, 'features', 'features.json'), 'utf8')) as object;
    expect(index).toMatchObject({ rows: 4, unreadable: ['Ada/Ada_0002.jpg'] });
  });

  it('refuses what it cannot name or has not got', async () => {
    const { folder } = prepared();
    const list = join(folder, 'some.lst');
    writeFileSync(list, '0\tBen/Ben_0003.jpg\t1\n');
    const codeOf = async (job: Job): Promise<string | undefined> =>
      (await failuresOf(() => features(folder, job)))[0]?.code;
    expect(await codeOf({ inputs: { list } })).toBe('image-not-aligned');
    writeFileSync(list, '1\t../images/Ben/Ben_0003.jpg\t1\n');
    expect(await codeOf({ inputs: { list }, params: { layout: 'files' } })).toBe('name-outside');
    expect(await codeOf({ inputs: { images: undefined } })).toBe('no-images');
    const [flat] = await failuresOf(() => features(folder, { inputs: { images: join(folder, 'images', 'Ada') } }));
    expect(flat?.message).toContain('the images are not in sub-folders, one for each person, but are Ada_0001.jpg');
    expect(await codeOf({ inputs: { dataset: folder } })).toBe('no-images');
  });
});

describe('what features cannot read', () => {
  const warnings = (events: readonly StageEvent[]) =>
    events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));

  /** Six images, of which three cannot be used. */
  function damagedSet(folder: string): string {
    const set = join(folder, 'set');
    const writer = new DatasetWriter(set);
    const images = [
      jpeg(0, side),
      Buffer.from('<html>404</html>'),
      jpeg(2, side),
      jpeg(3, side + 8),
      jpeg(4, side),
      jpeg(5, side),
    ];
    for (const [index, image] of images.entries()) writer.add(Math.floor(index / 2), true, image);
    writer.finish({ height: side, width: side });
    const rec = join(set, 'train.rec');
    const bytes = readFileSync(rec);
    bytes.writeUInt32LE(0xdeadbeef, readIndexFile(join(set, 'train.idx')).offsetOf(5) ?? 0);
    writeFileSync(rec, bytes);
    return set;
  }

  it('of a packed set is left out on request: damaged records too, and the others keep their numbers', async () => {
    const { folder } = prepared();
    const inputs = { images: undefined, dataset: damagedSet(folder) };
    const [failure] = await failuresOf(() => features(folder, { inputs, params: { unreadable: 'skip' } }));
    expect(failure?.code).toBe('damaged-file');
    const events = await features(folder, { inputs, params: { unreadable: 'drop' } });
    expect(rowsOf(folder).names).toEqual(['0', '2', '5']);
    const index = JSON.parse(readFileSync(join(folder, 'features', 'features.json'), 'utf8')) as object;
    expect(index).toMatchObject({ rows: 3, unreadable: ['1', '3', '4'] });
    const figures = events.flatMap((event) => (event.type === 'metric' ? [[event.name, event.value]] : []));
    expect(Object.fromEntries(figures)).toMatchObject({ images: 6, embedded: 3, unreadable: 3 });
    expect(warnings(events)).toContain('features: 6 images, 3 embedded, 3 unreadable');
    expect(warnings(events).filter((text) => text.startsWith('left out'))).toHaveLength(4);
  });

  it('of a folder is left out on request: images of another size, and those of a list that do not exist', async () => {
    const { folder } = prepared();
    writeFileSync(join(folder, 'images', 'Ben', 'Ben_0002.jpg'), jpeg(1, side + 8));
    writeFileSync(join(folder, 'images', 'Ben', 'Ben_0003.jpg'), jpeg(1, side).subarray(0, 60));
    await features(folder, { params: { unreadable: 'drop' } });
    expect(rowsOf(folder).names).toEqual(['Ada/Ada_0001.jpg', 'Ada/Ada_0002.jpg', 'Ben/Ben_0001.jpg']);
    const other = prepared().folder;
    const list = join(other, 'some.lst');
    writeFileSync(list, '1\tBen/Ben_0004.jpg\t1\n1\tAda/Ada_0001.jpg\t0\n');
    const events = await features(other, { inputs: { list }, params: { unreadable: 'drop' } });
    expect(rowsOf(other).names).toEqual(['Ada/Ada_0001.jpg']);
    expect(warnings(events)).toContainEqual(expect.stringContaining('skipped: '));
  });
});
