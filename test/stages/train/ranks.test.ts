import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../../src/stage-api/stage.ts';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import type { TrainingLog } from '../../../src/kit/net/training/training-log.ts';
import { temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { pack, pairs, train, type Training } from './small-training.ts';

const parametersOf = (folder: string) => readModel(join(folder, 'model')).parameters;
const curvesOf = (folder: string) =>
  new Map((JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as TrainingLog).curves.map((each) => [each.name, each.points]));

function greatestDifference(one: string, other: string): number {
  const others = parametersOf(other);
  return Math.max(...[...parametersOf(one)].map(([name, { values }]) => {
    const same = others.get(name)?.values ?? [];
    return Math.max(...values.map((value, index) => Math.abs(value - (same[index] ?? NaN))));
  }));
}

describe('a training with two ranks', { timeout: 180_000 }, () => {
  it('equals one process', async () => {
    const dataset = pack();
    const validation = [pairs()];
    const params = { batch: 4, logEverySteps: 1 };
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    let t = performance.now();
    await train({ dataset, folder: one, validation, params });
    console.log('one', performance.now() - t); t = performance.now();
    const events = await train({ dataset, folder: two, validation, params, ranks: 2 });
    console.log('two', performance.now() - t);
    console.log(events.filter((e) => e.type === 'log'));
    console.log(curvesOf(one), curvesOf(two));
    console.log(greatestDifference(one, two));
  });
});
