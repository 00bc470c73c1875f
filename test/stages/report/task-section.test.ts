import { expect, test } from 'vitest';
import { flattenParams, parameterSection, taskSection } from '../../../stages/report/task-section.ts';
import { sampleLineage } from './sample-content.ts';

test('nested parameters become one list of paths; empty ones are left out', () => {
  const params = {
    ...{ network: { name: 'y1', options: {} }, schedule: { steps: [400, 560], warmupSteps: 0 } },
    ...{ folds: [], title: '', mirror: true, weightDecay: 0.0005, tiny: 1e-7, margin: -0.35, none: null },
  };
  expect(flattenParams(params).map(({ path, text }) => `${path} ${text}`)).toEqual([
    ...['network.name y1', 'schedule.steps 400, 560', 'schedule.warmupSteps 0', 'mirror true'],
    ...['weightDecay 0.0005', 'tiny 1e-7', 'margin −0.35', 'none null'],
  ]);
});

test('instances of a matrix with the same parameters are told once', () => {
  const [first] = sampleLineage.tasks;
  if (first === undefined) throw new Error('the sample has tasks');
  const twice = { ...sampleLineage, tasks: [first, { ...first, id: 'synthesize[seed=2]' }] };
  expect(parameterSection(twice)?.text.match(/<h3>/g)).toHaveLength(1);
  expect(parameterSection({ ...sampleLineage, tasks: [{ ...first, params: {} }] })).toBeUndefined();
});

test('data from outside are listed with their digests', () => {
  const [first] = sampleLineage.tasks;
  if (first === undefined) throw new Error('the sample has tasks');
  const input = { port: 'images', path: 'data/<lfw>', digest: 'ab12cd34ef56' };
  const text = taskSection({ ...sampleLineage, tasks: [{ ...first, externalInputs: [input] }] })?.text ?? '';
  expect(text).toContain('<code>data/&lt;lfw&gt;</code>');
  expect(text).toContain('<code title="ab12cd34ef56">ab12cd34</code>');
});
