import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { Random } from '../../../src/core/random.ts';
import type { Codec, FileFormat } from '../../../src/kit/codec/codec.ts';
import { Cursor } from '../../../src/kit/codec/cursor.ts';
import { featureOf } from '../../../src/kit/codec/megaface/feature-matrix.ts';
import { codecs } from '../../../src/kit/codec/index.ts';
import { temporaryFolder } from '../dataset/tiny-faces.ts';

/*
 * What every registered format must stand, on golden files written by other programs (MXNet 1.9.1, numpy 1.23, scipy
 * 1.10, CPython, Python 2's pickle, Google's protobuf) or, if there are none, on the format's own description.
 */
const folder = 'test/kit/codec/golden';
const files = (pattern: RegExp) =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
const text = (name: string, content: string) => [{ name, bytes: Buffer.from(content) }];

const golden = {
  recordIo: files(/\.rec$/),
  mxnetParams: files(/\.params$/),
  onnxModel: files(/\.onnx$/),
  torchCheckpoint: files(/^torch.*\.(pt|pth)$/),
  safetensors: files(/\.safetensors$/),
  npz: files(/\.npz$/),
  npyFile: files(/\.npy$/),
  zipArchive: files(/\.zip$/),
  matFile: files(/\.mat$/),
  tarArchive: files(/\.tar$/),
  verificationSet: files(/^(bytes|jython|numpy|python2).*\.bin$/),
  featureMatrix: [
    {
      name: '1_r100_112x112.bin',
      bytes: Buffer.from(codecs.featureMatrix.encode(featureOf(Float32Array.of(0.5, -1, 3)))),
    },
  ],
  caffemodel: files(/\.caffemodel$/),
  prototxt: files(/\.prototxt$/),
  mxnetSymbol: files(/symbol\.json$/),
  weightsManifest: text(
    'tiny-weights_manifest.json',
    '[{"paths":["tiny-shard1"],"weights":[{"name":"a/filters","shape":[3,3,1,2],"dtype":"float32","quantization":{"dtype":"uint8","scale":0.5,"min":-1}}]}]',
  ),
  devkitList: text('facescrub_features_list.json', '{"path": ["A_B/A_B_1.png", "C/C_2.png"], "id": ["A_B", "C"]}'),
  landmarkPoints: text('1.pts', 'version: 1\nn_points: 2\n{\n1.5 2\n30 40.25\n}\n'),
  indexFile: files(/\.idx$/),
  propertyFile: text('property', '85742,112,112\n'),
  noiseList: text('facescrub_noises.txt', '#Please follow the rules of megaface\nA_B_1.png\nA_B_1.png\n'),
  peopleList: text('people.txt', '2\n2\nA_B\t1\nC_D\t13\n1\nE_F\t2\n'),
  pairProtocol: text('pairs.txt', '1\nA_B\t1\t2\nA_B\t1\tC_D\t3\n'),
  landmarkList: text('landmarks.txt', 'lfw/A_B/A_B_0001.jpg 72 83 170 181 106 115 150.5 122 133 150 99 166 140 172\n'),
  packingList: text('train.lst', '1\ta/1.jpg\t0\n0\tb/2.jpg\t1\t1\t2\t30\t40\n'),
} satisfies Record<keyof typeof codecs, { name: string; bytes: Buffer }[]>;

const formats = Object.entries(codecs) as [keyof typeof codecs, FileFormat<unknown> | Codec<unknown>][];

/** Formats whose files other programs write in other spellings: the content comes back, not the bytes. */
const otherSpellings: readonly string[] = ['npz', 'verificationSet', 'tarArchive', 'devkitList', 'caffemodel'];

/** Decodes; true: it worked, false: it failed as expected, with a place. Anything else is a defect. */
function decodes(format: FileFormat<unknown>, bytes: Uint8Array): boolean {
  try {
    format.decode(new Cursor(bytes, 'x'));
    return true;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const at = error.failures[0].at;
    if (at === undefined || !('offset' in at || 'line' in at)) throw new Error(`no place in: ${error.message}`);
    return false;
  }
}

describe.each(formats)('format %s', (key, format) => {
  const samples = golden[key];

  it('has a name, a title and a summary of its own', () => {
    expect(formats.filter(([, other]) => other.name === format.name)).toHaveLength(1);
    expect(format.title.length).toBeGreaterThan(3);
    expect(format.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('knows its files, and is the first to know them', () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const { name, bytes } of samples) {
      const first = formats.find(([, other]) => other.sniff(bytes.subarray(0, 4096), name));
      expect([name, first?.[0]]).toEqual([name, key]);
    }
  });

  it.runIf('encode' in format)('writes what it reads (where it is written at all)', () => {
    if (!('encode' in format)) return;
    for (const { name, bytes } of samples) {
      const value = format.decode(new Cursor(bytes, name));
      const encoded = format.encode(value);
      const again = format.encode(format.decode(new Cursor(encoded, name)));
      expect(Buffer.from(again).equals(Buffer.from(encoded))).toBe(true);
      if (!otherSpellings.includes(key)) expect([name, Buffer.from(encoded).equals(bytes)]).toEqual([name, true]);
    }
  });

  it('describes its files', () => {
    for (const { name, bytes } of samples) {
      const path = join(temporaryFolder(), name);
      writeFileSync(path, bytes);
      const { facts, images } =
        'describeFile' in format ? format.describeFile(path) : format.describe(new Cursor(bytes, path));
      expect(facts.length).toBeGreaterThan(0);
      for (const { name, value } of facts) expect([name, String(value)]).not.toContain('');
      if (images === undefined) continue;
      for (let position = 0; position < images.count; position += 1) {
        expect(images.read(position).what).toMatch(/^image \d+$/);
      }
      images.close();
    }
  });

  it('stands a cut at every byte', () => {
    for (const { bytes } of samples) {
      let cutsThatRead = 0;
      for (let length = 0; length < bytes.length; length += 1) {
        if (decodes(format, bytes.subarray(0, length))) cutsThatRead += 1;
      }
      // Lists are whole at the end of any line, and an empty list is a list.
      if (!isLineFormat(key)) expect(cutsThatRead).toBeLessThanOrEqual(bytes.length / 4);
    }
  });

  it('stands ten thousand random corruptions', () => {
    const random = Random.derive(1, key);
    for (let trial = 0; trial < 10_000; trial += 1) {
      const sample = samples[random.integer(samples.length)];
      const bytes = Uint8Array.from(sample?.bytes ?? []);
      for (let change = random.integer(4); change >= 0; change -= 1) corrupt(bytes, random);
      decodes(format, bytes);
    }
  });

  it('takes no memory for sizes that the file does not back', { timeout: 120_000 }, () => {
    let most = 0;
    let calls = 0;
    for (const { bytes } of samples) {
      for (let at = 0; at + 4 <= Math.min(bytes.length, 400); at += 1) {
        for (const word of [0xffffffff, 0x7fffffff, 0x10000000, 0x00ffffff]) {
          const changed = Buffer.from(bytes);
          changed.writeUInt32LE(word, at);
          if (calls % 800 === 0) collectGarbage();
          calls += 1;
          most = Math.max(
            most,
            memoryTaken(() => decodes(format, changed)),
          );
        }
      }
    }
    expect(most).toBeLessThan(64 * 2 ** 20);
  });
});

describe('the memory that is measured', () => {
  it('shows what a decoder would take that believed a header', () => {
    collectGarbage();
    expect(memoryTaken(() => new Uint8Array(65 * 2 ** 20).fill(1))).toBeGreaterThan(64 * 2 ** 20);
    collectGarbage();
    expect(memoryTaken(() => Array.from({ length: 12 * 2 ** 20 }, (_, index) => index / 3))).toBeGreaterThan(
      64 * 2 ** 20,
    );
  });
});

/** So that a collection in the middle of a call has little to free and hides nothing. */
const collectGarbage: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Bytes of heap and of buffers that `act` took, garbage included: what one call takes at once is not collected in it. */
function memoryTaken(act: () => unknown): number {
  const before = process.memoryUsage();
  const kept = act();
  const after = process.memoryUsage();
  const taken = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
  return kept === undefined ? NaN : taken;
}

function corrupt(bytes: Uint8Array, random: Random): void {
  const at = random.integer(bytes.length);
  const kind = random.integer(4);
  if (kind === 0) bytes[at] = random.integer(256);
  else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
  else if (kind === 2) bytes.fill(random.integer(2) * 255, at, at + 1 + random.integer(8));
  else bytes.copyWithin(at, random.integer(bytes.length), random.integer(bytes.length));
}

function isLineFormat(key: string): boolean {
  return ['indexFile', 'noiseList', 'packingList', 'landmarkList', 'tarArchive', 'propertyFile'].includes(key);
}
