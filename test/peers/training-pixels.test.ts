import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/kit/image/image.ts';
import { openDataLoader } from '../../src/kit/dataset/data-loader.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();
const faces = '../shared/data/lfw/aligned-112';

function facePaths(): string[] {
  return readdirSync(faces).flatMap((name) => readdirSync(join(faces, name)).map((file) => join(faces, name, file)));
}

/** A line `digest of the pixels, red first` for each image of a packed set, in the order of the ids. */
const readRecords = `
import cv2, hashlib, sys, mxnet as mx, numpy as np
reader = mx.recordio.MXIndexedRecordIO(sys.argv[1] + '/train.idx', sys.argv[1] + '/train.rec', 'r')
for k in range(1, int(sys.argv[2]) + 1):
    header, data = mx.recordio.unpack(reader.read_idx(k))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), 1)[:, :, ::-1]
    if k % 100 == 0: assert (mx.image.imdecode(data).asnumpy() == image).all()
    print(hashlib.sha256(image.tobytes()).hexdigest())
`;

/** Writes real faces in every way OpenCV can write JPEG, in odd sizes too, and prints the pixels it reads back. */
const writeOddFiles = `
import cv2, hashlib, sys
S = cv2.IMWRITE_JPEG_SAMPLING_FACTOR
ways = [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_OPTIMIZE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 3]]
ways += [[S, f] for f in (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
                          cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)]
ways += [[cv2.IMWRITE_JPEG_QUALITY, q] for q in (1, 10, 40, 75, 100)]
sizes = [(112, 112), (111, 113), (96, 112), (17, 31), (16, 16), (7, 7), (6, 9), (5, 5), (3, 8), (1, 1), (250, 249)]
count = 0
for number, path in enumerate(sys.argv[2:]):
    image = cv2.imread(path)
    for size in sizes:
        for way in ways:
            for grey in (False, True):
                if grey and way and way[0] == S: continue
                part = cv2.resize(image, size)
                name = '%s/odd-%d.jpg' % (sys.argv[1], count)
                cv2.imwrite(name, cv2.cvtColor(part, cv2.COLOR_BGR2GRAY) if grey else part, way)
                print(hashlib.sha256(cv2.imread(name)[:, :, ::-1].tobytes()).hexdigest(), *size, *way, 'grey' if grey else '')
                count += 1
`;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const skips = missing !== undefined || !existsSync(faces);
const reason = missing === undefined && skips ? ' (skipped: no ../shared/data)' : note;

describe.skipIf(skips)(`the pixels that a training sees beside OpenCV and MXNet${reason}`, { timeout: 600_000 }, () => {
  it('are equal on all aligned faces of LFW, bit for bit', async () => {
    const paths = facePaths();
    const set = join(folder, 'faces');
    const writer = new DatasetWriter(set);
    for (const path of paths) writer.add(0, true, readFileSync(path));
    writer.finish({ height: 112, width: 112 });
    const theirs = runPython(python, readRecords, [set, String(paths.length)])
      .trim()
      .split('\n');
    const loader = await openDataLoader({ folders: [set], batch: 31, seed: 1, mirror: false, threads: 2 });
    let compared = 0;
    for (let batch = 0; batch < Math.floor(paths.length / 31); batch += 1) {
      const { images, positions } = await loader.next();
      for (const [place, position] of positions.entries()) {
        const ours = digest(images.subarray(place * 37_632, (place + 1) * 37_632));
        if (ours !== theirs[position]) throw new Error(`${paths[position] ?? ''} differs`);
        compared += 1;
      }
    }
    await loader.close();
    expect(compared).toBeGreaterThan(7_600);
  });

  it('are equal on real faces in every sampling, quality and size, progressive, grey, with restart markers', async () => {
    const some = facePaths().filter((_, index) => index % 2500 === 0);
    const lines = runPython(python, writeOddFiles, [folder, ...some])
      .trim()
      .split('\n');
    const differing: string[] = [];
    for (const [index, line] of lines.entries()) {
      const bytes = readFileSync(join(folder, `odd-${index}.jpg`));
      const { data } = await decodeImage(bytes, 'odd.jpg', { strict: true });
      if (!line.startsWith(digest(data))) differing.push(line.split(' ').slice(1).join(' '));
    }
    expect(differing).toEqual([]);
    expect(lines.length).toBeGreaterThan(1000);
  });
});
