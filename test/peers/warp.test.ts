import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { resizeBilinear } from '../../src/kit/face/resize-bilinear.ts';
import { similarityTransform, type Point2 } from '../../src/kit/face/align-face.ts';
import { alignmentTemplate } from '../../src/kit/face/align-face.ts';
import { warpAffine, type AffineMatrix } from '../../src/kit/image/warp-affine.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

const warpWithOpenCv = `
import cv2, json, sys, numpy as np
out = []
for case in json.load(open(sys.argv[1] + '/cases.json')):
    image = np.fromfile(sys.argv[1] + '/pixels', np.uint8)[: case['h'] * case['w'] * 3].reshape(case['h'], case['w'], 3)
    m = np.array(case['m'], np.float64).reshape(2, 3)
    out.append(cv2.warpAffine(image, m, (case['tw'], case['th']), borderValue=0.0).tobytes())
open(sys.argv[1] + '/warped', 'wb').write(b''.join(out))
`;

const resizeWithOpenCv = `
import cv2, json, sys, numpy as np
out = []
for case in json.load(open(sys.argv[1] + '/cases.json')):
    image = np.fromfile(sys.argv[1] + '/pixels', np.uint8)[: case['h'] * case['w'] * 3].reshape(case['h'], case['w'], 3)
    out.append(cv2.resize(image, (case['tw'], case['th'])).tobytes())
open(sys.argv[1] + '/resized', 'wb').write(b''.join(out))
`;

const umeyama = `
import json, sys, numpy as np
data = json.load(open(sys.argv[1] + '/cases.json'))
dst = np.array(data['template'])
out = []
for src in data['cases']:
    src = np.array(src)
    sm, dm = src.mean(0), dst.mean(0)
    A = (dst - dm).T @ (src - sm) / len(src)
    d = np.ones(2)
    if np.linalg.det(A) < 0: d[1] = -1
    U, S, V = np.linalg.svd(A)
    R = U @ np.diag(d) @ V
    scale = (S @ d) / (src - sm).var(0).sum()
    t = dm - scale * R @ sm
    out.append([*(scale * R[0]), t[0], *(scale * R[1]), t[1]])
print(json.dumps(out))
`;

describe.skipIf(missing !== undefined)(`the affine warp beside OpenCV${note}`, () => {
  it('is equal in every bit, inside and across the border, for 200 random maps', () => {
    const random = new Random(11);
    const pixels = Uint8Array.from({ length: 90 * 120 * 3 }, () => random.integer(256));
    const cases = Array.from({ length: 200 }, () => {
      const [scale, turn] = [random.uniform(0.2, 3), random.uniform(-0.7, 0.7)];
      const [a, b] = [scale * Math.cos(turn), scale * Math.sin(turn)];
      const shift = (): number => random.uniform(-60, 40);
      const m: AffineMatrix = [a, -b, shift(), b, a * random.uniform(0.9, 1.1), shift()];
      return {
        w: 30 + random.integer(90),
        h: 30 + random.integer(60),
        tw: 112,
        th: random.integer(2) === 0 ? 112 : 40,
        m,
      };
    });
    writeFileSync(join(folder, 'pixels'), pixels);
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    runPython(python, warpWithOpenCv, [folder]);
    const theirs = readFileSync(join(folder, 'warped'));
    let offset = 0;
    for (const { w, h, tw, th, m } of cases) {
      const { data } = warpAffine({ width: w, height: h, data: pixels.subarray(0, w * h * 3) }, m, {
        width: tw,
        height: th,
      });
      const expected = theirs.subarray(offset, offset + data.length);
      offset += data.length;
      expect(Buffer.from(data).equals(expected)).toBe(true);
    }
  });

  it('resizes to the same bits, larger and smaller', () => {
    const random = new Random(12);
    const pixels = Uint8Array.from({ length: 130 * 130 * 3 }, () => random.integer(256));
    const side = (): number => 1 + random.integer(130);
    const cases = Array.from({ length: 300 }, () => ({ w: side(), h: side(), tw: side(), th: side() }));
    writeFileSync(join(folder, 'pixels'), pixels);
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    runPython(python, resizeWithOpenCv, [folder]);
    const theirs = readFileSync(join(folder, 'resized'));
    let offset = 0;
    for (const { w, h, tw, th } of cases) {
      const image = { width: w, height: h, data: pixels.subarray(0, w * h * 3) };
      const { data } = resizeBilinear(image, { width: tw, height: th });
      const expected = theirs.subarray(offset, offset + data.length);
      offset += data.length;
      expect([w, h, tw, th, Buffer.from(data).equals(expected)]).toEqual([w, h, tw, th, true]);
    }
  });

  it('finds the similarity that numpy finds by Umeyama', () => {
    const random = new Random(13);
    const cases = Array.from({ length: 200 }, () =>
      alignmentTemplate.map(([x, y]): Point2 => [x * 1.7 + random.normal() * 9, y * 1.7 + random.normal() * 9]),
    );
    writeFileSync(join(folder, 'cases.json'), JSON.stringify({ cases, template: alignmentTemplate }));
    const theirs = JSON.parse(runPython(python, umeyama, [folder])) as number[][];
    for (const [index, points] of cases.entries()) {
      const { a, b, tx, ty } = similarityTransform(points, alignmentTemplate);
      const difference = [a, -b, tx, b, a, ty].map((value, place) => Math.abs(value - (theirs[index]?.[place] ?? NaN)));
      expect(Math.max(...difference)).toBeLessThan(1e-10);
    }
  });
});
