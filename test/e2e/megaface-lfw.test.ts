import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { outcomes, Rig } from './rig.ts';

/*
 * Some people of LFW among others, from photographs to figures, with the network of the original authors: what docs/megaface.md says
 * of them, by what a user types.
 */
const shared = '../shared/data';
const photographs = resolve(shared, 'lfw/deepfunneled-250');
const model = resolve(shared, 'models/mobilefacenet-y1/model-0000.params');
const missing = ![photographs, model].every(existsSync) || !installedOnnxruntime().installed;
const repository = fileURLToPath(new URL('../../', import.meta.url));

interface Search {
  readonly size: number;
  readonly images: number;
  readonly people: number;
  readonly trials: number;
  readonly identification: readonly { readonly rank: number; readonly value: number }[];
  readonly verification: readonly { readonly far: number; readonly value: number; readonly reached: number }[];
}

/** The first people in the order of their names who have five to eight photographs, and the first of those with fewer. */
function chosenPeople(): readonly string[] {
  const names = readdirSync(photographs).sort();
  const counts = new Map(names.map((name) => [name, readdirSync(join(photographs, name)).length]));
  const between = (least: number, most: number): string[] =>
    names.filter((name) => (counts.get(name) ?? 0) >= least && (counts.get(name) ?? 0) <= most);
  return [...between(5, 8).slice(0, 24), ...between(1, 4).slice(0, 160)];
}

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});
afterAll(async () => {
  await rig.dispose();
});

describe.skipIf(missing)(`people of LFW among others (skipped without ${shared} or onnxruntime)`, () => {
  it('are aligned, embedded and found as the documentation says', { timeout: 600_000 }, async () => {
    const images = rig.path('photographs');
    for (const name of chosenPeople()) cpSync(join(photographs, name), join(images, name), { recursive: true });
    const pipeline = join(repository, 'pipelines/megaface-lfw.yaml');
    const settings = [`params.images=${images}`, `params.model=${model}`].flatMap((each) => ['--set', each]);
    const ended = await rig.flow(['run', pipeline, ...settings, '--json'], { FLOW_ENGINE: 'onnxruntime' });
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(Object.values(outcomes(ended)).filter((outcome) => outcome !== 'done')).toEqual([]);
    const run = rig.path('runs', rig.runs().at(-1) ?? '', 'outputs');
    const { results } = JSON.parse(readFileSync(join(run, 'evaluate/megaface.json'), 'utf8')) as { results: Search[] };
    const last = results.at(-1);
    if (last === undefined) throw new Error('there are no results');
    const rate = (rank: number): number => last.identification.find((each) => each.rank === rank)?.value ?? NaN;
    const tar = last.verification.find(({ far }) => far === 1e-4);
    expect(tar?.reached).toBeLessThanOrEqual(1e-4);
    const row = [
      `${last.images} photographs of ${last.people} people`,
      ...[last.size, last.trials, rate(1).toFixed(4), tar?.value.toFixed(4)].map(String),
    ];
    const documented = readFileSync(join(repository, 'docs/megaface.md'), 'utf8').split('\n');
    const rows = documented.filter((line) => line.startsWith('|')).map((line) => line.replaceAll(/ *\| */g, '|'));
    expect(rows).toContain(`|${row.join('|')}|`);
    for (const name of ['cmc', 'roc']) {
      const drawn = readFileSync(join(run, `evaluate/curves/${name}.svg`), 'utf8');
      expect(drawn).toContain(`lfw, ${last.size} distractors`);
    }
  });
});
