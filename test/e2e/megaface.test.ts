import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomes, Rig } from './rig.ts';

const pipeline = fileURLToPath(new URL('../../pipelines/megaface.yaml', import.meta.url));

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});
afterAll(async () => {
  await rig.dispose();
});

describe('the smoke profile of megaface, on the wasm engine', () => {
  it('draws people, plants noise, embeds, cleans and evaluates with and without', { timeout: 900_000 }, async () => {
    const ended = await rig.flow(['run', pipeline, '--profile', 'smoke', '--json'], { FLOW_ENGINE: 'wasm' });
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
  });
});
