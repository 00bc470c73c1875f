import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { tarArchive } from '../../src/kit/codec/archive/tar-archive.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { FeatureStore, commonContract } from '../../src/kit/face/features/feature-store.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { Inputs, Params } from '../../stages/megaface-features/contract.ts';
import { run } from '../../stages/megaface-features/run.ts';
import { failuresOf, printedFailure, temporaryFolder, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { embed, embeddingSize, linearModel, side } from './linear-model.ts';

const params: Params = { batch: 2, engine: 'auto', layout: 'matrix', algorithm: 'y1', unreadable: 'skip' };

interface Job {
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StageEvent) => void;
}

interface Prepared {
  readonly folder: string;
  readonly weights: Float32Array;
}

/** Two probes of Ada and one of Ben as the stage align writes FaceScrub, and two distractors as it writes MegaFace. */
function prepared(): Prepared {
  const folder = temporaryFolder();
  const weights = linearModel(join(folder, 'model'), 1);
  mkdirSync(join(folder, 'facescrub'));
  writeFaceFolder(join(folder, 'facescrub'), { Ada: 2, Ben: 1 }, side);
  mkdirSync(join(folder, 'megaface'));
  writeFaceFolder(join(folder, 'megaface'), { '375': 1, '925': 1 }, side);
  for (const digits of ['375', '925']) {
    const user = join(folder, 'megaface', digits, `${digits}31198@N00`);
    mkdirSync(user);
    renameSync(join(folder, 'megaface', digits, `${digits}_0001.jpg`), join(user, '4174611825_0.jpg'));
  }
  return { folder, weights };
}

async function extract(folder: string, job: Job = {}): Promise<readonly StageEvent[]> {
  const events: StageEvent[] = [];
  await run({
    params: { ...params, ...job.params },
    inputs: {
      ...{
        model: [join(folder, 'model')],
        probes: join(folder, 'facescrub'),
        probeList: undefined,
        probeSet: undefined,
      },
      ...{ distractors: join(folder, 'megaface'), distractorList: undefined, distractorSet: undefined },
      ...job.inputs,
    },
    outputs: { probes: join(folder, 'FaceScrub_Features'), distractors: join(folder, 'MegaFace_Features') },
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

/** The bytes of MegaFace's file of one face: rows, 1 column, a stride of 4 bytes, type 5, and the floats; computed here. */
async function expectedBytes(image: string, weights: Float32Array): Promise<Buffer> {
  const { data } = await decodeImage(readFileSync(image), image);
  const mirrored = embed(data, weights, true);
  const sum = embed(data, weights, false).map((value, index) => value + (mirrored[index] ?? 0));
  const bytes = Buffer.alloc(16 + 4 * embeddingSize);
  for (const [place, field] of [embeddingSize, 1, 4, 5].entries()) bytes.writeInt32LE(field, 4 * place);
  for (const [place, value] of sum.entries()) bytes.writeFloatLE(value / Math.hypot(...sum), 16 + 4 * place);
  return bytes;
}

function namesIn(folder: string): readonly string[] {
  const store = new FeatureStore(folder);
  store.close();
  return [...store.names];
}

describe('megaface-features', () => {
  it('writes a matrix of the probes and one of the distractors, under the names of the development kit', async () => {
    const { folder } = prepared();
    const events = await extract(folder);
    expect(namesIn(join(folder, 'FaceScrub_Features'))).toEqual([
      'Ada/Ada_0001.jpg',
      'Ada/Ada_0002.jpg',
      'Ben/Ben_0001.jpg',
    ]);
    expect(namesIn(join(folder, 'MegaFace_Features'))).toEqual([
      '375/37531198@N00/4174611825_0.jpg',
      '925/92531198@N00/4174611825_0.jpg',
    ]);
    const stores = ['FaceScrub_Features', 'MegaFace_Features'].map((name) => new FeatureStore(join(folder, name)));
    expect(commonContract(stores)).toMatch(/^[0-9a-f]{64}$/);
    expect(events.filter(({ type }) => type === 'metric')).toEqual([
      { type: 'metric', name: 'probes', value: 3 },
      { type: 'metric', name: 'probes unreadable', value: 0 },
      { type: 'metric', name: 'distractors', value: 2 },
      { type: 'metric', name: 'distractors unreadable', value: 0 },
      { type: 'metric', name: 'columns', value: embeddingSize },
    ]);
  });

  it("writes the development kit's folders of files: names and bytes as gen_megaface.py has them", async () => {
    const { folder, weights } = prepared();
    await extract(folder, { params: { layout: 'files', algorithm: 'r100_cm' } });
    const files = {
      'FaceScrub_Features/Ada/Ada_0002.jpg_r100_cm_8x8.bin': 'facescrub/Ada/Ada_0002.jpg',
      'MegaFace_Features/375/37531198@N00/4174611825_0.jpg_r100_cm_8x8.bin':
        'megaface/375/37531198@N00/4174611825_0.jpg',
    };
    for (const [file, image] of Object.entries(files)) {
      const found = readFileSync(join(folder, file));
      const wanted = await expectedBytes(join(folder, image), weights);
      expect(found.subarray(0, 16)).toEqual(wanted.subarray(0, 16));
      expect(found).toHaveLength(wanted.length);
      for (let at = 16; at < found.length; at += 4)
        expect(found.readFloatLE(at)).toBeCloseTo(wanted.readFloatLE(at), 5);
    }
  });

  it('reads the files again as it reads a matrix', async () => {
    const { folder } = prepared();
    await extract(folder);
    const matrix = new FeatureStore(join(folder, 'FaceScrub_Features')).read(0, 3);
    const other = prepared();
    await extract(other.folder, { params: { layout: 'files' } });
    const store = new FeatureStore(join(other.folder, 'FaceScrub_Features'));
    expect(store.matrix).toBeUndefined();
    expect(store.read(0, 3)).toEqual(matrix);
  });

  it('takes the images of a list in its order, whether of packing or of the development kit', async () => {
    const { folder } = prepared();
    const [packing, kit] = [join(folder, 'faces.lst'), join(folder, 'facescrub_features_list.json')];
    writeFileSync(packing, `1\t${join(folder, 'facescrub')}/Ben/Ben_0001.jpg\t1\n1\tAda/Ada_0002.jpg\t0\n`);
    await extract(folder, { inputs: { probeList: packing, distractors: undefined } });
    expect(namesIn(join(folder, 'FaceScrub_Features'))).toEqual(['Ben/Ben_0001.jpg', 'Ada/Ada_0002.jpg']);
    const other = prepared();
    writeFileSync(kit, JSON.stringify({ path: ['Ada/Ada_0002.jpg', 'Ada/Ada_0001.jpg'], id: ['Ada', 'Ada'] }));
    await extract(other.folder, { inputs: { probeList: kit } });
    expect(namesIn(join(other.folder, 'FaceScrub_Features'))).toEqual(['Ada/Ada_0002.jpg', 'Ada/Ada_0001.jpg']);
    expect(existsSync(join(folder, 'MegaFace_Features', 'features.json'))).toBe(false);
  });

  it('finds what align has made of an image of the kit, with another ending, and names it as the kit does', async () => {
    const { folder } = prepared();
    const kit = join(folder, 'facescrub_uncropped_features_list.json');
    renameSync(join(folder, 'facescrub', 'Ben'), join(folder, 'facescrub', 'Ben_B'));
    writeFileSync(kit, JSON.stringify({ path: ['Ben B/Ben_0001.PNG', 'Ada/Ada_0002'], id: ['Ben_B', 'Ada'] }));
    await extract(folder, { inputs: { probeList: kit, distractors: undefined } });
    const store = new FeatureStore(join(folder, 'FaceScrub_Features'));
    expect([...store.names]).toEqual(['Ben B/Ben_0001.PNG', 'Ada/Ada_0002']);
    expect(store.index.unreadable).toBeUndefined();
  });

  it('gives the same rows from a tape archive and from a packed set', async () => {
    const { folder } = prepared();
    await extract(folder);
    const probes = ['Ada/Ada_0001.jpg', 'Ada/Ada_0002.jpg', 'Ben/Ben_0001.jpg'];
    const wanted = new FeatureStore(join(folder, 'FaceScrub_Features')).read(0, 3);

    const archived = prepared();
    const content = probes.map((name) => [`./aligned/${name}`, readFileSync(join(folder, 'facescrub', name))] as const);
    const members = content.map(([name, bytes]) => ({ name, type: 'file' as const, content: bytes }));
    writeFileSync(join(archived.folder, 'probes.tar'), tarArchive.encode(members));
    await extract(archived.folder, { inputs: { probes: join(archived.folder, 'probes.tar') } });
    expect(namesIn(join(archived.folder, 'FaceScrub_Features'))).toEqual(probes);
    expect(new FeatureStore(join(archived.folder, 'FaceScrub_Features')).read(0, 3)).toEqual(wanted);

    const packed = prepared();
    const writer = new DatasetWriter(join(packed.folder, 'packed'));
    for (const [index, [, bytes]] of content.entries()) writer.add(index === 2 ? 1 : 0, index !== 1, bytes);
    writer.finish({ height: side, width: side });
    await extract(packed.folder, { inputs: { probes: undefined, probeSet: join(packed.folder, 'packed') } });
    expect(namesIn(join(packed.folder, 'FaceScrub_Features'))).toEqual(['0/0', '0/1', '1/2']);
    expect(new FeatureStore(join(packed.folder, 'FaceScrub_Features')).read(0, 3)).toEqual(wanted);
  });

  it('names what cannot be read, and what was embedded and what was not add up', async () => {
    const { folder } = prepared();
    const bad = join(folder, 'facescrub', 'Ada', 'Ada_0001.jpg');
    writeFileSync(bad, readFileSync(bad).subarray(0, 150));
    const events = await extract(folder);
    expect(events).toContainEqual({
      type: 'log',
      level: 'warning',
      message: 'probes: 3 images, 2 embedded, 1 unreadable',
    });
    const store = new FeatureStore(join(folder, 'FaceScrub_Features'));
    expect(store.index.unreadable).toEqual(['Ada/Ada_0001.jpg']);
    const [failure] = await failuresOf(() =>
      Promise.resolve(store.rowsOf(['Ben/Ben_0001.jpg', 'Ada/Ada_0001.jpg', 'Cem/1.jpg'])),
    );
    expect(failure?.message).toBe('2 of 3 images that are asked for have no features: Ada/Ada_0001.jpg, Cem/1.jpg');
    const [undecodable] = await failuresOf(() =>
      extract(prepared().folder, { params: { unreadable: 'fail' }, inputs: { probes: join(folder, 'facescrub') } }),
    );
    expect(undecodable).toMatchObject({ code: 'undecodable-image', at: { file: bad } });
  });

  it.each([
    [2, 'continuing after 2 of 3 images'],
    [9, 'continuing after 1 of 2 images'],
  ])(
    'goes on where it was stopped, after %i of ten images by two networks, and writes the same bytes',
    async (stopAt, line) => {
      const [whole, { folder }] = [prepared(), prepared()];
      const modelsIn = (place: string): string[] => {
        linearModel(join(place, 'other'), 2);
        return [join(place, 'model'), join(place, 'other')];
      };
      const job = { params: { batch: 1 }, inputs: { model: modelsIn(folder) } };
      await extract(whole.folder, { ...job, inputs: { model: modelsIn(whole.folder) } });
      const stop = new AbortController();
      const onEvent = (event: StageEvent): void => {
        if (event.type === 'progress' && event.done >= stopAt) stop.abort();
      };
      await expect(extract(folder, { ...job, signal: stop.signal, onEvent })).rejects.toThrow(/abort/i);
      expect(existsSync(join(folder, 'MegaFace_Features', 'features.json'))).toBe(false);
      const events = await extract(folder, job);
      expect(events.flatMap((event) => (event.type === 'log' ? [event.message] : []))).toContain(line);
      for (const set of ['FaceScrub_Features', 'MegaFace_Features']) {
        for (const file of ['features.bin', 'names.txt', 'features.json']) {
          expect(readFileSync(join(folder, set, file)).equals(readFileSync(join(whole.folder, set, file)))).toBe(true);
        }
      }
    },
  );

  it('gives the features of another model, of other normalisation and of several models another contract', async () => {
    const { folder } = prepared();
    linearModel(join(folder, 'other'), 2);
    const contracts = new Set<string | undefined>();
    const models = [['model'], ['other'], ['model', 'other'], ['other', 'model']];
    for (const [index, names] of models.entries()) {
      const { folder: place } = prepared();
      await extract(place, { inputs: { model: names.map((name) => join(folder, name)) } });
      contracts.add(new FeatureStore(join(place, 'FaceScrub_Features')).index.contract);
      expect(contracts.size).toBe(index + 1);
    }
    // The same content in another place is the same model.
    const again = prepared();
    renameSync(join(folder, 'other'), join(folder, 'renamed'));
    await extract(again.folder, { inputs: { model: [join(folder, 'renamed')] } });
    contracts.add(new FeatureStore(join(again.folder, 'FaceScrub_Features')).index.contract);
    expect(contracts.size).toBe(models.length);
  });

  it('refuses what it has not got, and images that would share a name', async () => {
    const { folder } = prepared();
    const printed = async (inputs: Partial<Inputs>): Promise<string> =>
      (await printedFailure(() => extract(folder, { inputs }))).replaceAll(folder, '<folder>').trimEnd();
    expect(await printed({ probes: undefined, distractors: undefined })).toMatchInlineSnapshot(`
      "nothing-to-embed: there is nothing to embed: neither probes nor distractors are given
        Bind probes (FaceScrub, aligned) or distractors (MegaFace, aligned), or both; packed sets go to probeSet and distractorSet."
    `);
    expect(await printed({ probes: undefined, probeList: join(folder, 'some.lst') })).toBe(
      '<folder>/some.lst: list-without-images: the list of probes needs the folder that its paths start at, and the input probes is not bound',
    );
    writeFileSync(join(folder, 'twice.lst'), '1\tBen/Ben_0001.jpg\t1\n1\tx/Ben/Ben_0001.jpg\t0\n');
    expect(await printed({ probeList: join(folder, 'twice.lst') })).toMatchInlineSnapshot(`
      "<folder>/facescrub/x/Ben/Ben_0001.jpg: images-of-one-name: the features of two images would be called Ben/Ben_0001.jpg: those of Ben/Ben_0001.jpg and x/Ben/Ben_0001.jpg
        Features are found by their names: list every image once, or keep only one of the folders."
    `);
    for (const name of ['Ada/Ada_0001.jpg', 'Ada/Ada_0002.jpg', 'Ben/Ben_0001.jpg']) {
      writeFileSync(join(folder, 'facescrub', name), 'no image');
    }
    expect(await printed({})).toMatchInlineSnapshot(`
      "<folder>/facescrub/Ada/Ada_0001.jpg: nothing-embedded: none of the 3 images could be read, so that there are no features
        With unreadable: fail the first one tells why."
    `);
  });
});
