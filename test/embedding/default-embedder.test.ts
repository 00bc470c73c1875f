import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { decodeImage, loadDetector, loadEmbedder, similarity } from 'faceflow';
import { describe, expect, it } from 'vitest';
import { defaultModel } from '../../src/embedding/default-model.ts';
import { modelFormats } from '../../src/kit/net/exchange/index.ts';

const folder = '../shared/data/lfw/deepfunneled-250';
const isRead = Object.values(modelFormats).some((format) => format.recognises(defaultModel()));
const why = !isRead ? 'no format reads it yet' : existsSync(folder) ? '' : `there is no ${folder}`;

describe.skipIf(why !== '')(`the network that comes with faceflow${why === '' ? '' : ` (not tested: ${why})`}`, () => {
  it('takes dlib chips, makes 128 numbers, and tells two people apart', { timeout: 120_000 }, async () => {
    await using detector = await loadDetector({ threads: 1 });
    await using embedder = await loadEmbedder({ threads: 1 });
    expect([embedder.size, embedder.embeddingSize]).toEqual([{ width: 150, height: 150 }, 128]);
    const names = [
      'Abdullah_Gul/Abdullah_Gul_0001',
      'Abdullah_Gul/Abdullah_Gul_0014',
      'Adrien_Brody/Adrien_Brody_0001',
    ];
    const crops = await Promise.all(
      names.map(async (name) => {
        const image = await decodeImage(readFileSync(`${folder}/${name}.jpg`));
        const [[face] = []] = await detector.detect([image]);
        if (face === undefined) throw new Error(`${name} has a face`);
        return embedder.align(image, face);
      }),
    );
    const [one, same, other] = await embedder.embed(crops);
    if (one === undefined || same === undefined || other === undefined) throw new Error('there are three');
    // Vectors of this network are close together: strangers too have similarities of 0.8 and more.
    expect(similarity(one, same)).toBeGreaterThan(similarity(one, other) + 0.05);
  });

  it('gives a verdict by the record that comes with it', { timeout: 120_000 }, () => {
    const compare = (one: string, other: string): string =>
      execFileSync(
        process.execPath,
        ['bin/flow.js', 'compare-faces', `${folder}/${one}.jpg`, `${folder}/${other}.jpg`],
        {
          encoding: 'utf8',
        },
      );
    const same = compare('Abdullah_Gul/Abdullah_Gul_0001', 'Abdullah_Gul/Abdullah_Gul_0014');
    expect(same).toContain('the same person');
    expect(same).toContain('of 6000 pairs');
    expect(compare('Abdullah_Gul/Abdullah_Gul_0001', 'Adrien_Brody/Adrien_Brody_0001')).toContain('different people');
  });
});
