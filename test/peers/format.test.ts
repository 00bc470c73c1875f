import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { Cursor } from '../../src/kit/codec/cursor.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { mxnetParams } from '../../src/kit/codec/mxnet/mxnet-params.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { RecordFile } from '../../src/kit/codec/mxnet/record-file.ts';
import { readVerificationSet, writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/** Images and payloads that hold the magic word in every place, identities of one to three. */
const random = new Random(7);
const images = Array.from({ length: 40 }, (_, index) => {
  const label = Math.floor(index / 3);
  if (index % 4 === 0) return { label, bytes: jpeg(index) };
  const words = Array.from({ length: random.integer(12) }, () =>
    random.integer(3) === 0
      ? [0x0a, 0x23, 0xd7, 0xce]
      : Array.from({ length: random.integer(6) }, () => random.integer(256)),
  );
  return { label, bytes: Uint8Array.from(words.flat()) };
});

function packHere(): string {
  const writer = new DatasetWriter(join(folder, 'ours'));
  for (const { label, bytes } of images) writer.add(label, true, bytes);
  writer.finish({ height: 16, width: 16 });
  return join(folder, 'ours');
}

/** Packs the same images with MXNet's own writer, in the order and with the ids of face2rec2. */
const packWithMxnet = `
import json, base64, sys
import mxnet as mx
source, target = sys.argv[1:]
items = [(i['label'], base64.b64decode(i['bytes'])) for i in json.load(open(source))]
w = mx.recordio.MXIndexedRecordIO(target + '.idx', target + '.rec', 'w')
ranges, last = [], None
for k, (label, data) in enumerate(items, 1):
    w.write_idx(k, mx.recordio.pack(mx.recordio.IRHeader(0, [label, 1], k, 0), data))
    if label != last: ranges.append([k, k])
    ranges[-1][1] = k
    last = label
n = len(items)
w.write_idx(0, mx.recordio.pack(mx.recordio.IRHeader(0, [n + 1, n + 1 + len(ranges)], 0, 0), b''))
for q, (a, b) in enumerate(ranges):
    w.write_idx(n + 1 + q, mx.recordio.pack(mx.recordio.IRHeader(0, [a, b + 1], n + 1 + q, 0), b''))
w.close()
`;

const readWithMxnet = `
import sys, json, base64
import mxnet as mx
r = mx.recordio.MXIndexedRecordIO(sys.argv[1] + '/train.idx', sys.argv[1] + '/train.rec', 'r')
out = []
for k in r.keys:
    h, s = mx.recordio.unpack(r.read_idx(k))
    label = [float(x) for x in h.label] if hasattr(h.label, '__len__') else float(h.label)
    out.append([k, int(h.id), label, base64.b64encode(s).decode()])
print(json.dumps(out))
`;

function writeSource(): string {
  const path = join(folder, 'images.json');
  const items = images.map(({ label, bytes }) => ({ label, bytes: Buffer.from(bytes).toString('base64') }));
  writeFileSync(path, JSON.stringify(items));
  return path;
}

describe.skipIf(missing !== undefined)(`beside MXNet, numpy and OpenCV${note}`, { timeout: 600_000 }, () => {
  it('train.rec and train.idx are the bytes of MXNet', () => {
    const ours = packHere();
    runPython(python, packWithMxnet, [writeSource(), join(folder, 'theirs')]);
    for (const extension of ['rec', 'idx']) {
      const mine = readFileSync(join(ours, `train.${extension}`));
      expect(mine.equals(readFileSync(join(folder, `theirs.${extension}`)))).toBe(true);
    }
  });

  it('MXNet reads what is written here, with the magic word inside records', () => {
    const ours = packHere();
    const records = JSON.parse(runPython(python, readWithMxnet, [ours])) as [number, number, number[], string][];
    expect(records).toHaveLength(40 + 1 + 14);
    for (const [position, { label, bytes }] of images.entries()) {
      expect(records[position]).toEqual([
        position + 1,
        position + 1,
        [label, 1],
        Buffer.from(bytes).toString('base64'),
      ]);
    }
  });

  it('what MXNet writes is read here, with scalar labels and without an index', () => {
    const script = `
import mxnet as mx, sys
w = mx.recordio.MXRecordIO(sys.argv[1], 'w')
magic = b'\\x0a\\x23\\xd7\\xce'
for k in range(20): w.write(mx.recordio.pack(mx.recordio.IRHeader(0, k * 0.5, k, 3), (b'abcd' + magic) * (k % 4) + magic[: k % 5]))
w.close()`;
    const path = join(folder, 'plain.rec');
    runPython(python, script, [path]);
    const file = new RecordFile(path);
    const index = file.buildIndex();
    expect(index.size).toBe(20);
    for (let id = 0; id < 20; id += 1) {
      const record = file.readAt(index.offsetOf(id) ?? -1);
      expect(record).toMatchObject({ id, id2: 3, label: id * 0.5 });
      const expected = 'abcd\x0a\x23\xd7\xce'.repeat(id % 4) + '\x0a\x23\xd7\xce'.slice(0, id % 5);
      expect(Buffer.from(record.payload).toString('latin1')).toBe(expected);
    }
    file.close();
  });

  it('MXNet decodes the images of a packed set to the pixels that are decoded here', async () => {
    const writer = new DatasetWriter(join(folder, 'faces'));
    for (let label = 0; label < 6; label += 1) writer.add(label, true, jpeg(label, 112));
    writer.finish({ height: 112, width: 112 });
    const script = `
import mxnet as mx, sys, hashlib
r = mx.recordio.MXIndexedRecordIO(sys.argv[1] + '/train.idx', sys.argv[1] + '/train.rec', 'r')
for k in range(1, 7):
    h, s = mx.recordio.unpack(r.read_idx(k))
    print(hashlib.sha256(mx.image.imdecode(s).asnumpy().tobytes()).hexdigest())`;
    const theirs = runPython(python, script, [join(folder, 'faces')])
      .trim()
      .split('\n');
    const set = new PackedDataset(join(folder, 'faces'));
    const ours: string[] = [];
    for (let position = 0; position < 6; position += 1) {
      const { data } = await decodeImage(Uint8Array.from(set.readImage(position).payload), 'train.rec');
      ours.push(createHash('sha256').update(data).digest('hex'));
    }
    set.close();
    expect(ours).toEqual(theirs);
  });

  it('Python reads verification sets that are written here', () => {
    const images = [jpeg(1), jpeg(2, 64), jpeg(3), Buffer.alloc(0)];
    const path = join(folder, 'ours.bin');
    writeVerificationSet(path, { images, same: [true, false] });
    const script = `
import pickle, sys, json, hashlib
bins, same = pickle.load(open(sys.argv[1], 'rb'), encoding='bytes')
print(json.dumps([[hashlib.sha256(b).hexdigest() for b in bins], same, type(bins[0]).__name__]))`;
    const sums = images.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    expect(JSON.parse(runPython(python, script, [path]))).toEqual([sums, [true, false], 'bytes']);
  });

  it('reads verification sets of this numpy in all protocols', () => {
    const script = `
import pickle, sys, numpy as np
for p in range(6):
    arrays = [np.arange(n, dtype=np.uint8).reshape(-1, 1) for n in (3, 250, 100, 7)]
    pickle.dump((arrays, [True, np.bool_(False)]), open('%s-%d.bin' % (sys.argv[1], p), 'wb'), protocol=p)`;
    runPython(python, script, [join(folder, 'theirs')]);
    for (let protocol = 0; protocol < 6; protocol += 1) {
      const set = readVerificationSet(join(folder, `theirs-${String(protocol)}.bin`));
      expect(set.images.map((bytes) => [...bytes])).toEqual(
        [3, 250, 100, 7].map((length) => Array.from({ length }, (_, value) => value)),
      );
      expect(set.same).toEqual([true, false]);
    }
  });

  it('reads tuples and numpy arrays where the originals have lists', () => {
    const script = `
import pickle, sys, numpy as np
images = [b'first', b'second']
kinds = [tuple(images), np.array(images, dtype=object), np.array([np.frombuffer(i, np.uint8) for i in images] + [None], dtype=object)[:2]]
marks = [(True,), np.array([True]), [np.bool_(True)], np.array([1]), np.array([1], np.uint8), np.array([1], '>i4'), [np.int64(1)]]
for p in range(6):
    for k, images in enumerate(kinds): pickle.dump((images, [True]), open('%s-images-%d-%d.bin' % (sys.argv[1], k, p), 'wb'), protocol=p)
    for k, same in enumerate(marks): pickle.dump((kinds[0], same), open('%s-same-%d-%d.bin' % (sys.argv[1], k, p), 'wb'), protocol=p)`;
    const sets = join(mkdtempSync(join(folder, 'kinds-')), 'x');
    runPython(python, script, [sets]);
    const names = readdirSync(dirname(sets));
    expect(names).toHaveLength(6 * (3 + 7));
    for (const name of names) {
      const set = readVerificationSet(join(dirname(sets), name));
      expect([name, ...set.images.map((bytes) => Buffer.from(bytes).toString())]).toEqual([name, 'first', 'second']);
      expect([name, ...set.same]).toEqual([name, true]);
    }
  });

  it('has the parameters of MXNet bit for bit: all element types, in all versions of the layout', () => {
    runPython(python, writeParameters, [folder]);
    const types = ['float32', 'float64', 'float16', 'uint8', 'int32', 'int8', 'int64', 'boolean'];
    for (const name of ['named', 'unnamed', 'numpy']) {
      const bytes = readFileSync(join(folder, `${name}.params`));
      const arrays = mxnetParams.decode(new Cursor(bytes, name));
      expect(arrays.slice(0, 8).map(({ type }) => type)).toEqual(types);
      expect(Buffer.from(mxnetParams.encode(arrays)).equals(bytes)).toBe(true);
    }
    const arrays = mxnetParams.decode(new Cursor(readFileSync(join(folder, 'named.params')), 'named.params'));
    for (const version of [0, 1, 2, 3] as const) {
      const rewritten = mxnetParams.encode(arrays.map((array) => ({ ...array, version })));
      writeFileSync(join(folder, `version-${String(version)}.params`), rewritten);
    }
    expect(runPython(python, compareParameters, [folder]).trim().split('\n')).toEqual(
      [0, 1, 2, 3].map((version) => `version ${String(version)}: 11 equal`),
    );
  });
});

/** Random bits in every type, and the numbers that are easily lost. */
const writeParameters = `
import mxnet as mx, numpy as np, sys
random = np.random.RandomState(0)
arrays = {}
for t in ['float32', 'float64', 'float16', 'uint8', 'int32', 'int8', 'int64']:
    arrays['arg:' + t] = mx.nd.array(np.frombuffer(random.bytes(48), t)[:6].reshape(2, 3), dtype=t)
arrays['arg:bool'] = mx.nd.array(np.array([[True, False]]), dtype='bool')
for t in [np.float32, np.float16, np.float64]:
    numbers = np.array([np.nan, np.inf, -np.inf, -0.0, np.finfo(t).tiny / 2], t)
    arrays['aux:' + np.dtype(t).name] = mx.nd.array(numbers, dtype=t)
mx.nd.save(sys.argv[1] + '/named.params', arrays)
mx.nd.save(sys.argv[1] + '/unnamed.params', list(arrays.values()))
mx.util.set_np()
scalar = {'arg:scalar': mx.np.array(3.5)}
mx.npx.save(sys.argv[1] + '/numpy.params', {**{k: a.as_np_ndarray() for k, a in arrays.items()}, **scalar})
`;

const compareParameters = `
import mxnet as mx, numpy as np, sys
want = mx.nd.load(sys.argv[1] + '/named.params')
for version in range(4):
    if version == 3: mx.util.set_np()
    load = mx.npx.load if version == 3 else mx.nd.load
    got = load('%s/version-%d.params' % (sys.argv[1], version))
    same = lambda a, b: a.dtype == b.dtype and a.shape == b.shape and a.asnumpy().tobytes() == b.asnumpy().tobytes()
    print('version %d: %d equal' % (version, sum(same(got[name], want[name]) for name in want)))
`;
