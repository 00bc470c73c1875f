import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/embedding/decode-image.ts';
import { defaultModel } from '../../src/embedding/default-model.ts';
import { defaultRecord } from '../../src/embedding/default-record.ts';
import { loadEmbedder } from '../../src/embedding/embedder.ts';
import { cutFace } from '../../src/embedding/face-template.ts';
import { pointsIn } from '../../src/kit/face/align-face.ts';
import { readRecord, readThreshold } from '../../src/embedding/threshold.ts';
import type { FaceImage } from '../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { FacePoints } from '../../src/kit/face/detectors/detector.ts';
import { foldAccuracy } from '../../src/kit/face/fold-accuracy.ts';

/*
 * The record by which faces are judged (dist/bench/embedding-record.js makes it). Its figures follow from its distances, and some of its
 * distances from the photographs; all 6,000 with EMBEDDING_LFW=all, which takes some minutes.
 */
const record = defaultRecord(defaultModel()) ?? '';
const [stored] = readRecord(record);
if (stored === undefined) throw new Error('the record holds a result');
const { distances, same } = stored;
const [folder, list] = ['../shared/data/lfw/aligned-112', '../shared/data/lfw/pairs.txt'];
const missing = [folder, list].find((path) => !existsSync(path));
const why = missing === undefined ? '' : ` (not tested: there is no ${missing})`;
/** Of 6,000: so many of each fold. */
const apart = process.env['EMBEDDING_LFW'] === 'all' ? 1 : 120;

it('has the figures and the threshold that follow from its distances', () => {
  const { accuracy, folds } = foldAccuracy({ distances: Float64Array.from(distances), same }, 10);
  expect(accuracy).toBeCloseTo(stored.accuracy, 12);
  expect(accuracy).toBeGreaterThanOrEqual(0.989);
  expect(folds).toEqual(stored.folds);
  const vectors = { embeddingSize: 128, model: 'the network that comes with faceflow' };
  const { distance, far, tar } = readThreshold({ record, far: 0.001, vectors });
  const accepted = (wanted: boolean): number => {
    const of = distances.filter((_, pair) => same[pair] === wanted);
    return of.filter((each) => each <= distance + 5e-7).length / of.length;
  };
  expect(accepted(false)).toBe(far.value);
  expect(far.value).toBeLessThanOrEqual(0.001);
  expect(accepted(true)).toBeCloseTo(tar.value, 12);
});

describe.skipIf(missing !== undefined)(
  `the record of the network that comes with faceflow${why}`,
  { timeout: 3_600_000 },
  () => {
    it(`has the distances of the photographs: every ${apart}th pair`, async () => {
      const pairs = decodeFile(pairProtocol, list).pairs.map((pair, place) => ({ ...pair, place }));
      expect(pairs.map((pair) => pair.same)).toEqual(same);
      const chosen = pairs.filter(({ place }) => place % apart === 0);
      await using embedder = await loadEmbedder({ threads: 2 });
      const nameOf = ({ name, number }: FaceImage): string => `${name}/${name}_${String(number).padStart(4, '0')}.jpg`;
      const vectorOf = async (image: FaceImage): Promise<Float32Array> => {
        const face = await decodeImage(readFileSync(join(folder, nameOf(image))));
        const points = pointsIn(face, 'arcface') as FacePoints;
        const [vector] = await embedder.embed([cutFace(face, { points }, { size: embedder.size, template: 'dlib' })]);
        return vector ?? new Float32Array();
      };
      const found = Float64Array.from(distances);
      for (const { left, right, place } of chosen) {
        const [one, other] = await Promise.all([vectorOf(left), vectorOf(right)]);
        found[place] = one.reduce((sum, value, column) => sum + (value - (other[column] ?? NaN)) ** 2, 0);
        expect(Math.abs((found[place] ?? NaN) - (distances[place] ?? NaN))).toBeLessThan(2e-5);
      }
      expect(foldAccuracy({ distances: found, same }, 10).accuracy).toBeCloseTo(stored.accuracy, 3);
    });

    it.runIf(apart === 1)('and the network tells 0.985 of the pairs of fold 1 apart from photographs', () => {
      const photographs = ['--images', '../shared/data/lfw/deepfunneled-250', '--pairs', list, '--folds', '1'];
      const printed = execFileSync(process.execPath, ['dist/bench/embedding-record.js', ...photographs], {
        encoding: 'utf8',
      });
      expect(Number(/^accuracy (\S+)/m.exec(printed)?.[1])).toBeGreaterThanOrEqual(0.985);
    });
  },
);
