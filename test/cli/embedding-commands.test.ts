import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy, npyMagic } from '../../src/kit/codec/numpy/npy.ts';
import { setUncertainty } from '../../src/kit/face/uncertainty/set-uncertainty.ts';
import { complaint } from '../e2e/printed-failures.ts';
import { flowCommand, Rig } from '../e2e/rig.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';

const model = resolve('../shared/data/models/mobilefacenet-y1/model-0000.params');
const group = resolve('../shared/data/samples/t1.jpg');
const faces = resolve('../shared/data/lfw/aligned-112');
const missing = [model, group, faces].find((path) => !existsSync(path));
const why = missing === undefined ? '' : ` (not tested: there is no ${missing})`;

/** Same pairs at distances 0.2 to 1.2, different ones at 1 to 2: a record with a threshold between. */
function recordOfVerification(embeddingSize: number): object {
  const distances = Float64Array.from({ length: 4000 }, (_, pair) => (pair % 2 === 0 ? 0.2 : 1) + (pair % 1000) / 1000);
  const same = Array.from(distances, (_, pair) => pair % 2 === 0);
  const images = Array.from({ length: 8000 }, (_, image) => image);
  const request = { pairs: { distances, same }, images, folds: 10, rates: [0.01, 0.001], draws: 50, seed: 1 };
  const uncertainty = setUncertainty(request);
  const result = {
    model: 'y1',
    set: 'drawn',
    pairs: 4000,
    embeddingSize,
    distances: [...distances],
    same,
    uncertainty,
  };
  return { version: 2, results: [result] };
}

describe.skipIf(missing !== undefined)(`commands that embed photographs${why}`, { timeout: 900_000 }, () => {
  let rig: Rig;
  // The tests of the command run with FLOW_ENGINE=cpu, which is for correctness and not for networks of this size.
  const fast = { FLOW_ENGINE: '' };
  const y1 = ['--model', model];

  beforeAll(() => {
    rig = new Rig();
    for (const [person, numbers] of [
      ['Abel_Pacheco', [1, 2, 4]],
      ['Abdullah_Gul', [1, 14]],
    ] as const) {
      mkdirSync(rig.path('people', person), { recursive: true });
      for (const number of numbers) {
        const name = `${person}_${String(number).padStart(4, '0')}.jpg`;
        cpSync(`${faces}/${person}/${name}`, rig.path('people', person, name));
      }
    }
    cpSync(rig.path('people/Abel_Pacheco/Abel_Pacheco_0001.jpg'), rig.path('one.jpg'));
    cpSync(rig.path('people/Abel_Pacheco/Abel_Pacheco_0004.jpg'), rig.path('same.jpg'));
    cpSync(rig.path('people/Abdullah_Gul/Abdullah_Gul_0001.jpg'), rig.path('other.jpg'));
    cpSync(group, rig.path('group.jpg'));
    writeFileSync(rig.path('plain.jpg'), jpeg(1, 60, 40));
    writeFileSync(rig.path('cut.jpg'), jpeg(1, 60, 40).subarray(0, 300));
    writeFileSync(rig.path('text.jpg'), 'no image');
    writeFileSync(rig.path('no.db'), 'no database'.repeat(100));
    const data = new Uint8Array(8);
    writeFileSync(rig.path('alone.npy'), encodeNpy({ type: '<f4', shape: [1, 2], fortranOrder: false, data }));
    writeFileSync(rig.path('record.json'), JSON.stringify(recordOfVerification(128)));
    const people = { set: 'lfw', equalImages: 2, equalIdentities: [{ dataset: 0, label: 7 }] };
    const byCentres = { closest: 0.61, identities: [{ dataset: 0, label: 7, cosine: 0.61 }] };
    const log = { format: 'faceflow-log', version: 1, curves: [], people: [{ ...people, byCentres }] };
    writeFileSync(rig.path('log.json'), JSON.stringify(log));
    writeFileSync(rig.path('record-512.json'), JSON.stringify(recordOfVerification(512)));
  });
  afterAll(() => rig.dispose());

  it('flow embed says of each image what became of it, and ends with 1 where one has no face', async () => {
    const images = ['group.jpg', 'plain.jpg', 'cut.jpg', 'text.jpg', 'gone.jpg', 'people'];
    const { code, stdout, stderr } = await rig.flow(['embed', ...images, ...y1], fast);
    expect(code).toBe(1);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('group.jpg: 6 faces');
    expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(6);
    expect(lines.slice(7, 12)).toEqual([
      'plain.jpg: left out: no-face',
      'cut.jpg: left out: undecodable-image',
      'text.jpg: left out: undecodable-image',
      'gone.jpg: left out: missing-file',
      'people: left out: not-a-file',
    ]);
    expect(stderr.replaceAll(rig.folder, '<workspace>')).toMatchInlineSnapshot(`
      "plain.jpg: no-face: no face was found in the image (60 x 40 pixels)
        Take an image in which the face is seen from the front and is at least 20 pixels wide; a crop that a face fills is for --detector limited.

      cut.jpg: offset 210: undecodable-image: the image cannot be decoded: a JPEG segment is longer than the data

      text.jpg: offset 0: undecodable-image: the image cannot be decoded: it is not an image in a known format
        Replace or remove the image.

      <workspace>/gone.jpg: missing-file: expected a photograph, found no file

      <workspace>/people: not-a-file: expected a photograph, found something that is not a file
      "
    `);
    expect(lines[12]).toMatch(/^contract [0-9a-f]{64}$/);
    expect(lines[13]).toContain('weights: MobileFaceNet y1');
    const inJson = await rig.flow(['embed', 'text.jpg', 'plain.jpg', ...y1, '--json'], fast);
    expect(inJson.code).toBe(1);
    expect(inJson.stderr).toContain('text.jpg: offset 0: undecodable-image: ');
    expect(JSON.parse(inJson.stdout)).toMatchObject({ failures: [{ code: 'undecodable-image' }, { code: 'no-face' }] });
  });

  it('flow embed writes JSON, a NumPy array with what its rows are, and CSV, each with the contract', async () => {
    const args = ['embed', 'one.jpg', 'group.jpg', ...y1, '--npy', 'v.npy', '--csv', 'v.csv', '--json'];
    const { stdout, code } = await rig.flow(args, fast);
    expect(code).toBe(0);
    interface Content {
      readonly contract: string;
      readonly licences: readonly { readonly name: string }[];
      readonly vectors: readonly { readonly image: string; readonly vector: readonly number[] }[];
    }
    const content = JSON.parse(stdout) as Content;
    expect(content.vectors).toHaveLength(7);
    expect(content.licences.map(({ name }) => name)).toEqual(['MobileFaceNet y1', 'MTCNN']);
    const bytes = readFileSync(rig.path('v.npy'));
    expect(bytes.subarray(0, 6).toString('latin1')).toBe(npyMagic);
    expect(bytes.toString('latin1')).toContain("'shape': (7, 128)");
    expect(bytes.readFloatLE(bytes.length - 4)).toBe(Math.fround(content.vectors[6]?.vector[127] ?? NaN));
    expect(JSON.parse(rig.read('v.npy.json'))).toMatchObject({ contract: content.contract, embeddingSize: 128 });
    const rows = rig.read('v.csv').trim().split('\n');
    expect(rows).toHaveLength(8);
    for (const row of rows.slice(1)) expect(row.split(',')[1]).toBe(content.contract);
  });

  it('flow compare-faces gives a verdict at the threshold of a record, and says whose it is', async () => {
    const limited = [...y1, '--detector', 'limited', '--record', 'record.json', '--far', '0.01'];
    const [same, other] = await Promise.all(
      ['same.jpg', 'other.jpg'].map((path) => rig.flow(['compare-faces', 'one.jpg', path, ...limited], fast)),
    );
    expect(same?.stdout.split('\n').slice(1, 4)).toEqual([
      'the same person',
      expect.stringMatching(/^threshold 0\.49\d\d \(squared distance 1\.0\d\d\d\), that of y1 on drawn:$/),
      expect.stringMatching(
        /of 4000 pairs there it accepts 1\.00 % \[0\.6\d %, 1\.5\d %\] of those of different people/,
      ),
    ]);
    expect(other?.stdout.split('\n')[1]).toBe('different people');
    expect([same?.code, other?.code]).toEqual([0, 0]);
  });

  it('flow compare-faces prints the distance and the similarity of the same two vectors', async () => {
    const { stdout } = await rig.flow(
      ['compare-faces', 'one.jpg', 'same.jpg', ...y1, '--detector', 'none', '--json'],
      fast,
    );
    const found = JSON.parse(stdout) as { similarity: number; distance: number; same: null; threshold: null };
    expect(found.distance).toBeCloseTo(2 - 2 * found.similarity, 5);
    expect(found).toMatchObject({ same: null, threshold: null });
  });

  it('flow identify finds a person among those of a folder, and among vectors of the same contract', async () => {
    const identify = ['identify', 'same.jpg'];
    const limited = [...y1, '--detector', 'limited'];
    const inFolder = await rig.flow([...identify, 'people', ...limited, '--json'], fast);
    const found = JSON.parse(inFolder.stdout) as {
      faces: readonly { matches: readonly { name: string; similarity: number }[] }[];
    };
    expect(found.faces[0]?.matches.map(({ name }) => name)).toEqual(['Abel_Pacheco', 'Abdullah_Gul']);
    expect(found.faces[0]?.matches[0]?.similarity).toBeCloseTo(1, 5);
    const images = ['people/Abel_Pacheco/Abel_Pacheco_0001.jpg', 'people/Abdullah_Gul/Abdullah_Gul_0014.jpg'];
    const embedded = await rig.flow(['embed', ...images, ...limited, '--json'], fast);
    rig.write('gallery.json', embedded.stdout);
    const { stdout } = await rig.flow([...identify, 'gallery.json', ...limited], fast);
    expect(stdout.split('\n')[1]).toMatch(/^ {2}0\.\d+ Abel_Pacheco \(people\/Abel_Pacheco\/Abel_Pacheco_0001\.jpg\)$/);
    expect(stdout).toContain('compared with 2 images of 2 persons, all of them; 0 left out');
    // The same vectors as rows of an array, of which no more than a few thousand are in memory at a time.
    await rig.flow(['embed', ...images, ...limited, '--npy', 'gallery.npy'], fast);
    expect((await rig.flow([...identify, 'gallery.npy', ...limited], fast)).stdout).toBe(stdout);
    const mixed = await rig.flow([...identify, 'gallery.json', ...limited, '--no-mirror'], fast);
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toMatch(
      /gallery\.json: other-embedding-contract: the vectors were made under contract [0-9a-f]{12}, those of the photograph under [0-9a-f]{12}/,
    );
  });

  it('flow benchmark times detection, alignment and embedding', async () => {
    const args = ['benchmark', 'one.jpg', ...y1, '--detector', 'limited', '--repeat', '2', '--json'];
    const { stdout } = await rig.flow(args, fast);
    const found = JSON.parse(stdout) as { msPerFace: readonly { part: string; median: number }[]; faces: number };
    expect(found.faces).toBe(1);
    expect(found.msPerFace.map(({ part }) => part)).toEqual(['detection', 'alignment', 'embedding']);
    for (const { median } of found.msPerFace) expect(median).toBeGreaterThan(0);
  });

  it('flow export-model writes a network with a card, whose figures and thresholds are those of the record', async () => {
    const { code, stdout, stderr } = await rig.flow(
      ['export-model', 'out', ...y1, '--record', 'record.json', '--training', 'log.json', '--json'],
      fast,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: .*record\.json tells of its model only the name y1: whether that is .* is not checked\n$/,
    );
    const { files } = JSON.parse(stdout) as { files: readonly { name: string; sha256: string }[] };
    expect(files.map(({ name }) => name)).toEqual(['model.onnx']);
    const card = rig.read('out/MODEL_CARD.md');
    expect(card).toContain(files[0]?.sha256);
    expect(card).toMatch(/\| drawn +\| 4000 +\|/);
    expect(card).toMatch(/^\| drawn +\| 0\.01 +\| 0\.49\d\d/m);
    expect(card).toContain('MobileFaceNet y1: none given for the file');
    // Set, equal images, identities of these, identities by their centres, the closest.
    expect(card).toMatch(/^\| lfw +\| 2 +\| 1 +\| 1 +\| 0\.61 +\|$/m);
    const [theirs, own] = await Promise.all([
      rig.flow(
        ['compare-faces', 'one.jpg', 'same.jpg', '--model', 'out/model.onnx', '--detector', 'none', '--json'],
        fast,
      ),
      rig.flow(['compare-faces', 'one.jpg', 'same.jpg', ...y1, '--detector', 'none', '--json'], fast),
    ]);
    const [one, other] = [theirs, own].map(
      (ended) => JSON.parse(ended.stdout) as { similarity: number; contract: string },
    );
    expect(one?.similarity).toBeCloseTo(other?.similarity ?? NaN, 4);
    expect(one?.contract).not.toBe(other?.contract);
  });

  it('flow export-model --to tfjs writes a graph model, which embeds as what it was made of', async () => {
    const { code, stdout } = await rig.flow(['export-model', 'web', ...y1, '--to', 'tfjs', '--json'], fast);
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout) as { files: readonly { name: string; sha256: string }[] };
    expect(files.map(({ name }) => name)).toEqual(['model-shard1of1.bin', 'model.json']);
    const card = rig.read('web/MODEL_CARD.md');
    for (const { name, sha256 } of files) expect(card).toContain(`| \`${name}\` | \`${sha256}\` |`);
    const compared = ['web', 'web/model.json', model].map(async (each) => {
      const args = ['compare-faces', 'one.jpg', 'same.jpg', '--model', each, '--detector', 'none', '--json'];
      return (JSON.parse((await rig.flow(args, fast)).stdout) as { readonly similarity: number }).similarity;
    });
    const [folder, file, own = NaN] = await Promise.all(compared);
    expect(folder).toBeCloseTo(own, 4);
    expect(file).toBe(folder);
  });

  it('outputs that cannot be written are told before anything is computed, and nothing is overwritten', async () => {
    mkdirSync(rig.path('adir'));
    const before = readFileSync(rig.path('one.jpg'));
    rig.write('own/model.onnx', 'mine');
    const embed = (...outputs: string[]): Promise<string> => complaint(rig, 'embed', 'one.jpg', ...outputs);
    const texts = [
      await embed('--npy', 'nodir/x.npy'),
      await embed('--csv', '/proc/x.csv'),
      await embed('--csv', 'adir'),
      await embed('--npy', 'one.jpg'),
      await embed('--npy', 'same', '--csv', './same'),
      await complaint(rig, 'export-model', 'own', ...y1),
      await complaint(rig, 'export-model', 'own/model.onnx', ...y1),
      await complaint(rig, 'export-model', '/proc/xx', ...y1),
      await complaint(rig, 'export-model', 'new', ...y1, '--to', 'face-api'),
    ];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "wrong-option: expected --npy to be a file in a folder that exists, found "<workspace>/nodir/x.npy"
      wrong-option: expected --csv to be a file that can be written, found "/proc/x.csv (ENOENT)"
      wrong-option: expected --csv to be a file, or nothing yet, found "<workspace>/adir"
      wrong-option: expected --npy to be a file of its own, found "<workspace>/one.jpg, which is one of the images"
      wrong-option: expected --csv to be a file of its own, found "<workspace>/same, which is also --npy"
      folder-not-empty: expected an empty folder, or none, at <workspace>/own, found one with model.onnx
        Name another folder: nothing is overwritten.
      folder-not-empty: expected an empty folder, or none, at <workspace>/own/model.onnx, found a file
        Name another folder: nothing is overwritten.
      wrong-option: expected the folder to be one that can be written, found "/proc/xx (/proc: ENOENT)"
      format-not-written: models are read from the format "face-api", but not written to it
        Write one of folder, mxnet, caffe, onnx, npz, safetensors, tfjs."
    `);
    expect(readFileSync(rig.path('one.jpg')).equals(before)).toBe(true);
    expect(rig.read('own/model.onnx')).toBe('mine');
    expect(existsSync(rig.path('new'))).toBe(false);
  });

  it('galleries whose vectors are not of length 1 are refused, with file and row', async () => {
    const aligned = [...y1, '--detector', 'none'];
    const embedded = await rig.flow(['embed', 'one.jpg', 'same.jpg', ...aligned, '--npy', 'odd.npy', '--json'], fast);
    const content = JSON.parse(embedded.stdout) as { vectors: { vector: number[] }[] };
    const second = content.vectors[1];
    if (second !== undefined) second.vector = second.vector.map((value) => 3 * value);
    rig.write('odd.json', JSON.stringify(content));
    const array = readFileSync(rig.path('odd.npy'));
    array.writeFloatLE(NaN, array.length - 4);
    writeFileSync(rig.path('odd.npy'), array);
    const found = [];
    for (const gallery of ['odd.json', 'odd.npy']) {
      const { code, stdout, stderr } = await rig.flow(['identify', 'one.jpg', gallery, ...aligned], fast);
      found.push([
        code,
        stdout,
        stderr
          .split('\n')[0]
          ?.replace(rig.folder, '')
          .replace(/expected.*found/, '...'),
      ]);
    }
    expect(found).toEqual([
      [2, '', '/odd.json: not-vectors: ... row 1 (from 0) of length 3.000 and not 1'],
      [2, '', '/odd.npy: not-vectors: ... row 1 (from 0) with numbers that are not finite'],
    ]);
  });

  it('thresholds of another model, or of another way of embedding, are refused', async () => {
    const compare = ['compare-faces', 'one.jpg', 'same.jpg', ...y1, '--detector', 'none', '--far', '0.001'];
    const shipped = resolve('setup/default-embedder-lfw.json');
    const texts = [
      await complaint(rig, ...compare, '--record', shipped),
      await complaint(rig, ...compare, '--no-mirror', '--record', 'record.json'),
    ];
    expect(texts.join('\n').replaceAll(shipped, '<record>').replaceAll(model, '<model>')).toMatchInlineSnapshot(`
      "<record>: record-of-other: the threshold would be that of face_recognition_model-weights_manifest.json on aligned-112, but the faces are embedded by <model> (MobileFaceNet y1)
        Measure the model with the stage verify, and name its verification.json: --record FILE.
      <workspace>/record.json: record-of-other: the threshold would be that of y1 on drawn, with the mirror image added, but the faces are embedded by the image alone
        Leave --no-mirror out, or --record."
    `);
  });

  it.skipIf(process.getuid?.() !== 0)('a photograph that may not be read is left out, with a code', () => {
    // Of another user, for whom the rights count.
    for (const path of [rig.folder, rig.path('people')]) chmodSync(path, 0o755);
    cpSync(rig.path('one.jpg'), rig.path('closed.jpg'));
    chmodSync(rig.path('closed.jpg'), 0o000);
    const run = spawnSync(
      process.execPath,
      [flowCommand, 'embed', 'closed.jpg', 'one.jpg', ...y1, '--detector', 'none'],
      {
        cwd: rig.folder,
        env: { ...process.env, NO_COLOR: '1', HOME: rig.folder, FLOW_ENGINE: '' },
        uid: 65534,
        gid: 65534,
      },
    );
    expect([run.status, String(run.stdout).split('\n').slice(0, 2)]).toEqual([
      1,
      ['closed.jpg: left out: unreadable-path', 'one.jpg: 1 face'],
    ]);
    expect(String(run.stderr)).toContain('closed.jpg: unreadable-path: cannot read ');
  });

  it('one wrong input is one clear error', async () => {
    const compare = (path: string, ...more: string[]): Promise<string> =>
      complaintWith(['compare-faces', 'one.jpg', path, ...y1, ...more]);
    const complaintWith = async (args: string[]): Promise<string> => {
      const { code, stderr } = await rig.flow(args, fast);
      expect(code).toBe(2);
      return stderr.trimEnd();
    };
    const texts = [
      await compare('group.jpg'),
      await compare('plain.jpg'),
      await compare('group.jpg', '--max-pixels', '1000'),
      await compare('group.jpg', '--detector', 'none'),
      await compare('other.jpg', '--detector', 'limited', '--record', 'record-512.json'),
      await compare('other.jpg', '--detector', 'limited', '--record', 'text.jpg'),
      await complaintWith(['identify', 'one.jpg', 'text.jpg', '--detector', 'limited', ...y1]),
      await complaint(rig, 'export-model', 'elsewhere', ...y1, '--training', 'record.json'),
      await compare('text.jpg'),
      await compare('gone.jpg'),
      await complaintWith(['identify', 'text.jpg', 'people', '--detector', 'limited', ...y1]),
      await complaintWith(['identify', 'one.jpg', 'alone.npy', '--detector', 'limited', ...y1]),
      await complaintWith(['identify', 'one.jpg', 'no.db', '--detector', 'limited', ...y1]),
      await complaint(rig, 'compare-faces', 'one.jpg', 'same.jpg', '--far', '2'),
    ];
    expect(texts.join('\n').replaceAll(rig.folder, '<workspace>').replaceAll(model, '<model>')).toMatchInlineSnapshot(`
      "group.jpg: several-faces: 6 faces were found in the image, and one is needed
        Cut the image, or have the most central face taken: --face central.
      plain.jpg: no-face: no face was found in the image (60 x 40 pixels)
        Take an image in which the face is seen from the front and is at least 20 pixels wide; a crop that a face fills is for --detector limited.
      one.jpg: too-many-pixels: the image claims 112 x 112 pixels, more than the 1000 that are taken
        Make the image smaller, or raise the limit of pixels.
      group.jpg: not-aligned: expected an aligned face of 112 x 112 pixels, found 1280 x 886
        Have a detector find the face and cut it out: --detector full, or limited for a crop that a face fills.
      <workspace>/record-512.json: record-of-other: the threshold would be that of y1 on drawn, 512 numbers, but the faces are embedded by <model>, 128 numbers
        Measure the model with the stage verify, and name its verification.json: --record FILE.
      <workspace>/text.jpg: not-a-verify-record: expected the record of a verification (verification.json, version 2, with intervals), found no JSON
        The stage verify writes it: flow show RUN names the file. Its draws must not be 0.
      <workspace>/text.jpg: not-vectors: expected a gallery: a folder of images, or a file that flow embed --json, --npy or flow serve --galleries has written, found a file that is no JSON
        flow embed --json PHOTOGRAPH... > gallery.json writes one.
      wrong-option: expected --training to be a log.json of the stage train, found "<workspace>/record.json"
      text.jpg: offset 0: undecodable-image: the image cannot be decoded: it is not an image in a known format
        Replace or remove the image.
      <workspace>/gone.jpg: missing-file: expected a photograph, found no file
      text.jpg: offset 0: undecodable-image: the image cannot be decoded: it is not an image in a known format
        Replace or remove the image.
      <workspace>/alone.npy: not-vectors: expected a gallery: a folder of images, or a file that flow embed --json, --npy or flow serve --galleries has written, found an array without FILE.json beside it with what its rows are
        flow embed --json PHOTOGRAPH... > gallery.json writes one.
      <workspace>/no.db: not-vectors: expected a gallery: a folder of images, or a file that flow embed --json, --npy or flow serve --galleries has written, found a file without galleries (file is not a database)
        flow embed --json PHOTOGRAPH... > gallery.json writes one.
      wrong-option: expected --far to be a rate between 0 and 1, found "2""
    `);
  });
});
