import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { trainingsOf } from './learning/finished-tasks.ts';

/**
 * What pipelines/loss-table.yaml found, for docs/losses.md: the trainings of a workspace that have been verified, to
 * bench/results/loss-table.json.
 * `flow run pipelines/loss-table.yaml && npm run --silent build && node dist/bench/loss-table.js && npm run generate`
 */
const { values } = parseArgs({
  options: {
    workspace: { type: 'string', default: '.' },
    result: { type: 'string', default: 'bench/results/loss-table.json' },
  },
});

/** `verify[seed=1,loss=arcface,gradient=exact]`. */
const instance = /^verify\[seed=(\d+),loss=([^,]+),gradient=([^,]+)\]$/;

const trainings = trainingsOf(values.workspace, instance).map(({ groups, params, engine, verification }) => {
  const [seed = '', loss = '', gradient = ''] = groups;
  const { accuracy, areaUnderCurve } = verification;
  const { schedule, batch } = params;
  const training = { loss, gradient, seed: Number(seed), accuracy, areaUnderCurve };
  return { ...training, options: params.loss, steps: schedule.maxSteps, batch, engine };
});
writeFileSync(
  values.result,
  `${JSON.stringify({ experiment: 'pipelines/loss-table.yaml', trainings }, undefined, 1)}\n`,
);
console.log(`${trainings.length} trainings`);
