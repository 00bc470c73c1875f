import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomes, Rig } from './rig.ts';

const pipeline = fileURLToPath(new URL('../../pipelines/megaface.yaml', import.meta.url));

/** Of megaface.json. */
interface Search {
  readonly size: number;
  readonly trials: number;
  readonly excluded: number;
  readonly identification: readonly { readonly rank: number; readonly value: number }[];
}

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});
afterAll(async () => {
  await rig.dispose();
});

describe('the smoke profile of megaface', () => {
  it('draws people, plants noise, embeds, cleans and evaluates with and without', { timeout: 900_000 }, async () => {
    const ended = await rig.flow(['run', pipeline, '--profile', 'smoke', '--json'], { FLOW_ENGINE: '' });
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const found = outcomes(ended);
    expect(Object.values(found).filter((outcome) => outcome !== 'done')).toEqual([]);
    const run = rig.path('runs', rig.runs().at(-1) ?? '', 'outputs');
    const read = (path: string): unknown => JSON.parse(readFileSync(`${run}/${path}`, 'utf8'));
    const features = read('features/FaceScrub_Features/features.json') as { contract: string };
    expect(features).toMatchObject({ rows: 22, columns: 32 });
    expect(read('features/MegaFace_Features/features.json')).toMatchObject({ rows: 50, contract: features.contract });
    expect(read('clean[cleaned=both]/noises.json')).toMatchObject({
      probes: { matched: 1, noises: ['person_0003/person_0003_0006.jpg'] },
      distractors: { matched: 2, noises: ['000/noise/1_0.jpg', '000/noise/2_0.jpg'] },
    });
    const searches = ['none', 'probes', 'both'].map((cleaned) => {
      const { results } = read(`evaluate[cleaned=${cleaned}]/megaface.json`) as { results: Search[] };
      return results.find(({ size }) => size === 50);
    });
    // Four people with 5, 5, 6 and 6 images; two of the distractors are noise.
    for (const search of searches) expect(search?.trials).toBe(100);
    expect(searches.map((search) => search?.excluded)).toEqual([0, 0, 2]);
    const rates = searches.map((search) => search?.identification.find(({ rank }) => rank === 1)?.value ?? NaN);
    expect(rates[2]).toBeGreaterThanOrEqual(rates[1] ?? NaN);
    expect(readFileSync(`${run}/report/report.html`, 'utf8')).toContain('evaluate[cleaned=both], facescrub');
  });
});
