import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderInspectionPage } from '../../../src/kit/inspect/inspection-page.ts';
import { renderInspection } from '../../../src/kit/inspect/inspection-text.ts';
import { readIndexFile } from '../../../src/kit/codec/mxnet/index-file.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { featureMatrix } from '../../../src/kit/codec/megaface/feature-matrix.ts';
import { inspectPath } from '../../../src/kit/inspect/inspect-path.ts';
import { histogramOf, tally } from '../../../src/kit/codec/description.ts';
import { readBytes } from '../../../src/kit/codec/read-file.ts';
import { tarArchive } from '../../../src/kit/codec/archive/tar-archive.ts';
import { writeVerificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { renderFailures } from '../../../src/core/text/failure-frame.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder, writeFaceFolder } from '../dataset/tiny-faces.ts';

function pack(): string {
  const folder = join(temporaryFolder(), 'set');
  const writer = new DatasetWriter(folder);
  for (const [index, label] of [0, 0, 0, 1].entries()) writer.add(label, true, jpeg(index));
  writer.finish({ height: 16, width: 16 });
  return folder;
}

/** Two files of 1.25 GiB, of which the disk holds nothing but the headers. */
function largeTar(folder: string): string {
  const path = join(folder, 'large.tar');
  const size = 5 * 2 ** 28;
  for (const [index, name] of ['a/1.jpg', 'a/2.jpg'].entries()) {
    const header = Buffer.from(
      tarArchive.encode([{ name, type: 'file', content: new Uint8Array(0) }]).subarray(0, 512),
    );
    header.write(size.toString(8).padStart(11, '0'), 124, 'latin1');
    header.write(' '.repeat(8), 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    appendFileSync(path, header);
    truncateSync(path, (index + 1) * (512 + size));
  }
  return path;
}

const factsOf = async (path: string) =>
  Object.fromEntries((await inspectPath(path)).facts.map(({ name, value }) => [name, value]));

describe('an inspection', () => {
  it('says of a packed set what it holds', async () => {
    const folder = pack();
    const inspection = await inspectPath(folder);
    expect(inspection).toMatchObject({ format: 'packed-set', damage: [], notes: [] });
    expect(inspection.imagesPerIdentity).toEqual([
      { range: '1', identities: 1 },
      { range: '2', identities: 0 },
      { range: '3 to 4', identities: 1 },
    ]);
    expect(await factsOf(folder)).toMatchObject({
      images: 4,
      identities: 2,
      'label of an image': 'two numbers: the class, and whether the image was aligned before it was packed',
      'index record 0': 'there, as face2rec2 writes: images have ids 1 to 4, identities 5 to 6 (2 records)',
      'width x height': '16 x 16',
      'index (.idx)': 'there',
    });
  });

  it('reports a cut .rec file as damage, with what could be read of it', async () => {
    const folder = pack();
    const path = join(folder, 'train.rec');
    writeFileSync(path, readFileSync(path).subarray(0, 700));
    const { damage } = await inspectPath(path);
    expect(damage[0]).toMatchObject({ code: 'truncated-file', at: { file: path } });
  });

  it('takes a feature file of 128 numbers for one, and does not wait at a pipe', async () => {
    const folder = temporaryFolder();
    const feature = join(folder, 'f.bin');
    const values = new Float32Array(128).fill(0.1);
    writeFileSync(feature, featureMatrix.encode({ rows: 128, columns: 1, type: 'float32', values }));
    const { format, damage } = await inspectPath(feature);
    expect([format, damage]).toEqual(['feature-matrix', []]);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const printed = await printedFailure(() => inspectPath(pipe));
    expect(printed.replaceAll(pipe, '<pipe>')).toMatchInlineSnapshot(
      `"<pipe>: not-a-file: expected a file or a folder, found something else (a pipe, a socket or a device): <pipe>"`,
    );
  });

  it('names a file whose name is not UTF-8', async () => {
    const folder = temporaryFolder();
    writeFileSync(Buffer.from(join(folder, 'Jos\xe9.jpg'), 'latin1'), '');
    const { damage } = await inspectPath(folder);
    expect(renderFailures(damage, { colour: false }).replaceAll(folder, '<folder>')).toMatchInlineSnapshot(`
      "<folder>: name-not-utf8: the name of "Jos�.jpg" in this folder is not UTF-8: it was written on a system with other letters, and cannot be opened by it
        Rename it: convmv -r -f latin1 -t utf8 --notest FOLDER (or -f gbk, -f cp437)."
    `);
  });

  it('goes by the places of records, not by the ids in their headers', async () => {
    const folder = pack();
    const path = join(folder, 'train.rec');
    const bytes = readFileSync(path);
    for (const offset of readIndexFile(join(folder, 'train.idx')).offsets) bytes.fill(0, offset + 16, offset + 24);
    writeFileSync(path, bytes);
    const { notes, facts } = await inspectPath(folder);
    expect(notes).toEqual([]);
    expect(facts.find(({ name }) => name === 'index record 0')?.value).toBe(
      'there, as face2rec2 writes: images have ids 1 to 4, identities 5 to 6 (2 records)',
    );
  });

  it('notices an index that belongs to other records, labels that the property file denies, and scattered identities', async () => {
    const folder = pack();
    writeFileSync(join(folder, 'train.idx'), '1\t0\n2\t4\n');
    writeFileSync(join(folder, 'property'), '1,16,16');
    expect((await inspectPath(folder)).notes).toEqual([
      'The largest label is 1, but the property file says 1 identities.',
      'The index does not belong to the records: 6 of 7 records stand elsewhere. Delete the .idx file.',
    ]);
    writeFileSync(join(folder, 'property'), 'many');
    expect((await inspectPath(folder)).damage.map(({ code }) => code)).toEqual(['damaged-property']);
    const scattered = temporaryFolder();
    const writer = new DatasetWriter(scattered, { identityRecords: false, labelForm: 'class' });
    for (const [index, label] of [0, 1, 0].entries()) writer.add(label, true, jpeg(index));
    writer.finish({ height: 16, width: 16 });
    expect((await inspectPath(scattered)).notes).toEqual([
      'The images of an identity are not always together: 3 runs of 2 identities.',
    ]);
  });

  it('says of a verification set how its images are stored, and which are damaged', async () => {
    const path = join(temporaryFolder(), 'lfw.bin');
    writeVerificationSet(path, { images: [jpeg(1), jpeg(2), jpeg(3), Buffer.from('no image')], same: [true, false] });
    const { facts, damage } = await inspectPath(path);
    expect(facts).toContainEqual({ name: 'images stored as', value: 'byte strings in a pickle of protocol 2' });
    expect(facts).toContainEqual({ name: 'pairs', value: '2 (1 of the same person)' });
    expect(damage[0]?.message).toBe('image 3 cannot be decoded: it is not an image in a known format');
  });

  it('knows folders of images, single images, other folders and unknown files', async () => {
    const faces = writeFaceFolder(temporaryFolder(), { a: 2, b: 1 });
    expect(await factsOf(faces)).toMatchObject({ identities: 2, images: 3, 'image formats': 'jpeg' });
    expect((await inspectPath(join(faces, 'a', 'a_0001.jpg'))).format).toBe('image');
    const other = temporaryFolder();
    mkdirSync(join(other, 'empty'));
    writeFileSync(join(other, 'notes'), 'hello');
    expect(await factsOf(other)).toMatchObject({ files: 1, 'sub-folders': 1, 'kinds of files': 'unknown' });
    expect(await factsOf(join(other, 'notes'))).toMatchObject({ 'first line': 'hello' });
    writeFileSync(join(other, 'blob'), Uint8Array.of(1, 0, 254));
    expect(await factsOf(join(other, 'blob'))).toMatchObject({ 'first bytes': '0100fe' });
  });

  it('takes no folder for one of identities whose files are mostly others', async () => {
    const folder = writeFaceFolder(temporaryFolder(), { samples: 2 });
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), name);
    expect((await inspectPath(folder)).format).toBe('folder');
  });

  it('shows what NumPy files and ZIP archives hold', async () => {
    const golden = 'test/kit/codec/golden';
    expect(await factsOf(join(golden, 'numpy-1.23-array.npy'))).toMatchObject({
      shape: '2 x 3',
      'element type': '<f4',
    });
    expect(await factsOf(join(golden, 'numpy-1.23-layers.npy'))).toMatchObject({
      layers: 1,
      arrays: 2,
      numbers: 5,
      'first arrays': 'conv1/weights (2, 2); conv1/biases (1)',
    });
    expect(await factsOf(join(golden, 'python.zip'))).toMatchObject({
      files: 3,
      endings: '.jpg (2), .txt (1)',
      unpacked: '87 B',
    });
  });

  it('lists archives of more than 2 GiB without reading what they hold, and says where a file is too large', async () => {
    const folder = temporaryFolder();
    const before = process.memoryUsage().rss;
    expect(await factsOf(largeTar(folder))).toMatchObject({ files: 2, endings: '.jpg', size: '2.5 GiB' });
    const large = join(folder, 'large.npy');
    copyFileSync('test/kit/codec/golden/numpy-1.23-array.npy', large);
    truncateSync(large, 2 ** 31);
    const { format, notes, damage } = await inspectPath(large);
    expect({ format, damage }).toEqual({ format: 'npy', damage: [] });
    expect(notes[0]).toContain('It is larger than 2.0 GiB');
    expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
    const [failure] = await failuresOf(() => readBytes(large, 'NumPy array'));
    expect(failure).toMatchObject({ code: 'file-too-large', at: { file: large } });
  });

  it('shows images from the whole of a set, not only its first', async () => {
    const folder = writeFaceFolder(temporaryFolder(), { a: 60, b: 60 });
    const { samples } = await inspectPath(folder);
    expect(samples).toHaveLength(48);
    expect(samples[0]?.caption).toBe('a/a_0001.jpg');
    expect(samples.filter(({ caption }) => caption.startsWith('b/'))).toHaveLength(24);
  });

  it('shows what an unknown file should be by its name', async () => {
    const path = join(temporaryFolder(), 'train.lst');
    writeFileSync(path, '1\ta.jpg\n');
    const { format, notes } = await inspectPath(path);
    expect({ format, notes }).toEqual({
      format: 'unknown',
      notes: ['Files with such a name are usually: packing list. This one does not start like that.'],
    });
  });

  it('shows how long the rows of a feature matrix are', async () => {
    const path = join(temporaryFolder(), 'features.bin');
    const values = Float64Array.of(3, 4, 0, 1);
    writeFileSync(path, featureMatrix.encode({ rows: 2, columns: 2, type: 'float64', values }));
    expect(await factsOf(path)).toMatchObject({
      'rows x columns': '2 x 2',
      'element type': 'float64',
      'length (L2 norm)': 'of a row: 1 to 5',
    });
  });

  it('shows why a file that would be dangerous to load is refused', async () => {
    const path = 'test/kit/codec/golden/refused-os-system-protocol-2.bin';
    const { format, damage } = await inspectPath(path);
    expect(format).toBe('verification-set');
    expect(renderInspection({ ...(await inspectPath(path)), damage }, false)).toContain(
      'pickle-refused: it asks Python to import posix.system; only data is read, so this is refused',
    );
  });

  it('fails only where there is nothing', async () => {
    const [failure] = await failuresOf(() => inspectPath('/nowhere/at/all'));
    expect(failure?.code).toBe('missing-file');
  });

  it('becomes text with a histogram, and a page that needs nothing else and escapes names', async () => {
    const inspection = await inspectPath(pack());
    const text = renderInspection(inspection, false);
    expect(text).toContain('packed training set (.rec, .idx, property)');
    expect(text).toMatch(/3 to 4 {2}1 {2}█{40}/);
    const page = renderInspectionPage({ ...inspection, path: '<script>&"' });
    expect(page).toContain('<title>&lt;script&gt;&amp;&quot;</title>');
    expect(page.match(/data:image\/jpeg;base64/g)).toHaveLength(4);
    expect(page).not.toMatch(/(src|href)="http/);
  });

  it('counts in ranges and by frequency', () => {
    expect(histogramOf([])).toEqual([]);
    expect(histogramOf([700, 1])).toHaveLength(10);
    expect(tally(['b', 'a', 'a'])).toBe('a (2), b (1)');
    expect(tally(['a', 'b', 'c'], 2)).toBe('a (1), b (1), 1 others');
  });

  const shared = '../shared/data';
  it.skipIf(!existsSync(shared))('knows the samples of published files', async () => {
    const formats = new Map([
      ['samples/property', 'property'],
      ['samples/small_lfw.bin', 'verification-set'],
      ['samples/mxnet-im2rec', 'record-io'],
      ['samples/mxnet-im2rec/train.idx', 'record-index'],
      ['samples/mxnet-im2rec/train.lst', 'packing-list'],
      ['samples/t1.jpg', 'image'],
      ['lfw/pairs.txt', 'pair-protocol'],
      ['lfw/pairsDevTrain.txt', 'pair-protocol'],
      ['lfw/people.txt', 'people-list'],
      ['lfw/lfw_landmark5_250x250.txt', 'landmark-list'],
      ['megaface/facescrub_noises.txt', 'noise-list'],
      ['megaface/devkit/facescrub_features_list.json', 'devkit-list'],
      ['megaface/devkit/megaface_features_list.json_1000_1', 'devkit-list'],
      ['models/mobilefacenet-y1/model-0000.params', 'mxnet-params'],
      ['models/mobilefacenet-y1/model-symbol.json', 'mxnet-symbol'],
      ['mtcnn/det1-0001.params', 'mxnet-params'],
      ['mtcnn/det1-symbol.json', 'mxnet-symbol'],
      ['mtcnn/det1.npy', 'npy'],
      ['.', 'folder'],
      ['orl', 'image-folder'],
    ]);
    for (const [path, format] of formats) {
      const inspection = await inspectPath(join(shared, path), 20);
      expect([path, inspection.format, inspection.damage]).toEqual([path, format, []]);
    }
  });
});
