import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { decodeImage, loadDetector, loadEmbedder, loadFaceModel, similarity, type RgbImage } from 'faceflow';
import { describe, expect, it } from 'vitest';

const model = '../shared/data/models/mobilefacenet-y1/model-0000.params';
const mtcnn = '../shared/data/mtcnn';
const photograph = '../shared/data/samples/t1.jpg';
const missing = [model, mtcnn, photograph].find((path) => !existsSync(path));
const why = missing === undefined ? '' : ` (not tested: there is no ${missing})`;

/** v(c, y, x) = (37 c + 11 y + 5 x) mod 256 with c = 0 blue: spec 1.7, (i). */
function chart(side: number): RgbImage {
  const data = new Uint8Array(side * side * 3);
  for (let at = 0; at < data.length; at += 1) {
    const [pixel, blue] = [Math.floor(at / 3), 2 - (at % 3)];
    data[at] = (37 * blue + 11 * Math.floor(pixel / side) + 5 * (pixel % side)) % 256;
  }
  return { width: side, height: side, data };
}

describe.skipIf(missing !== undefined)(`the library${why}`, { timeout: 120_000 }, () => {
  it('has ten exports and no more', () => {
    const source = readFileSync('src/embedding/faceflow.ts', 'utf8');
    const names = [...source.matchAll(/export (?:type )?\{([^}]+)\}/g)].flatMap(([, list = '']) => list.split(','));
    expect(names).toHaveLength(10);
  });

  it.each([
    [
      { crops: 'rnet-onet', refinePoints: false },
      [32.4854, 64.729, 56.9402, 37.3152, 62.7088],
      [45.0932, 35.2715, 71.3825, 98.3831, 90.6751],
    ],
    [{ crops: 'rnet-onet', refinePoints: true }, [32, 63, 57, 37, 63], [45, 30, 71, 98, 91]],
    [
      { crops: 'onet', refinePoints: false },
      [39.7174, 77.0193, 66.5746, 49.8594, 82.0031],
      [38.9996, 29.1814, 61.698, 93.4747, 84.5017],
    ],
    [{ crops: 'onet', refinePoints: true }, [40, 72, 67, 50, 82], [39, 19, 62, 93, 85]],
  ] as const)('detects in a limited way as the deployment of 2018: %o', async (own, across, down) => {
    const options = { ...own, thresholds: [0, 0, 0], greyImages: 'as-they-are' };
    await using detector = await loadDetector({ search: 'limited', weights: mtcnn, options, threads: 1 });
    const [[face] = []] = await detector.detect([chart(112)]);
    const points = face?.points ?? [];
    for (const [place, [x, y]] of points.entries()) {
      expect(Math.abs(x - (across[place] ?? NaN))).toBeLessThan(0.01);
      expect(Math.abs(y - (down[place] ?? NaN))).toBeLessThan(0.01);
    }
    expect(points).toHaveLength(5);
  });

  it('makes vectors of length 1 of all faces of a photograph, the same for each whatever comes with it', async () => {
    await using detector = await loadDetector({ threads: 2 });
    await using embedder = await loadEmbedder({ model, threads: 2 });
    const image = await decodeImage(readFileSync(photograph), { name: photograph });
    const [faces = []] = await detector.detect([image]);
    expect(faces.length).toBeGreaterThan(4);
    const cut = faces.map((face) => embedder.align(image, face));
    // More than a network sees at a time.
    const many = await embedder.embed([...cut, ...cut, ...cut]);
    const alone = await Promise.all(cut.map((face) => embedder.embed([face])));
    expect(many.slice(0, cut.length)).toEqual(alone.flat());
    expect(many.slice(2 * cut.length)).toEqual(alone.flat());
    for (const vector of many) expect(similarity(vector, vector)).toBeCloseTo(1, 6);
    const [one, other] = many;
    if (one === undefined || other === undefined) throw new Error('there are two faces');
    expect(similarity(one, other)).toBeLessThan(0.5);
  });

  it('gives the feature of a rough crop in one call, and none where no face is', async () => {
    await using faceModel = await loadFaceModel({ model, detectorWeights: mtcnn, threads: 1 });
    const [one, same, other] = await Promise.all(
      ['Abel_Pacheco/Abel_Pacheco_0001', 'Abel_Pacheco/Abel_Pacheco_0004', 'George_W_Bush/George_W_Bush_0007'].map(
        async (name) => {
          const file = `../shared/data/lfw/aligned-112/${name}.jpg`;
          return (await faceModel.getFeature(await decodeImage(readFileSync(file)))) ?? new Float32Array(128);
        },
      ),
    );
    if (one === undefined || same === undefined || other === undefined) throw new Error('there are three');
    expect(similarity(one, one)).toBeCloseTo(1, 6);
    expect(similarity(one, same)).toBeGreaterThan(similarity(one, other) + 0.2);
    expect(await faceModel.getFeature(chart(112))).toBeUndefined();
    const plain = { width: 112, height: 112, data: new Uint8Array(112 * 112 * 3).fill(127) };
    expect(await faceModel.getFeature(plain)).toBeUndefined();
  });

  it('stops where its signal says so, before and while it computes', async () => {
    await using embedder = await loadEmbedder({ model, threads: 1 });
    const reason = new Error('enough');
    await expect(embedder.embed([chart(112)], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(loadEmbedder({ model, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(loadDetector({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const embedding = embedder.embed(
      Array.from({ length: 64 }, () => chart(112)),
      { signal: controller.signal },
    );
    controller.abort(reason);
    await expect(embedding).rejects.toBe(reason);
  });

  it('refuses a face of another size, and a huge image before it is decoded', async () => {
    await using embedder = await loadEmbedder({ model, threads: 1 });
    await expect(embedder.embed([chart(100)])).rejects.toMatchObject({ failures: [{ code: 'image-size-mismatch' }] });
    await expect(decodeImage(readFileSync(photograph), { maxPixels: 1000 })).rejects.toMatchObject({
      failures: [{ code: 'too-many-pixels' }],
    });
  });

  it('knows vectors that cannot be compared by their contract', async () => {
    await using plain = await loadEmbedder({ model, mirrored: false, threads: 1 });
    await using both = await loadEmbedder({ model, threads: 1 });
    await using detector = await loadDetector({ threads: 1 });
    const contracts = [plain.contract(), both.contract(), plain.contract(detector), both.contract(detector)];
    expect(new Set(contracts).size).toBe(4);
    for (const contract of contracts) expect(contract).toMatch(/^[0-9a-f]{64}$/);
    await using again = await loadEmbedder({ model, threads: 2 });
    expect(again.contract(detector)).toBe(both.contract(detector));
  });

  it('does what the example in docs/embedding.md shows', () => {
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/embedding.md', 'utf8')) ?? [];
    const program = example.replace("'model.onnx'", `'${model}'`).replace("'photo.jpg'", `'${photograph}'`);
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toMatch(/^-?0\.\d+ [0-9a-f]{64}\n$/);
  });

  it('prints nothing, and lets the process end', () => {
    const program = `
      import { readFileSync } from 'node:fs';
      import { decodeImage, loadDetector, loadEmbedder } from 'faceflow';
      const detector = await loadDetector({ threads: 2 });
      const embedder = await loadEmbedder({ model: '${model}', threads: 2 });
      const image = await decodeImage(readFileSync('${photograph}'));
      const [faces] = await detector.detect([image]);
      await embedder.embed(faces.map((face) => embedder.align(image, face)));
    `;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect({ status: ended.status, stdout: ended.stdout, stderr: ended.stderr }).toEqual({
      ...{ status: 0, stdout: '', stderr: '' },
    });
  });
});
