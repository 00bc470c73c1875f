import { expect, test } from 'vitest';
import { compareRuns, onlyDifferences } from '../../../src/pipeline/console/compare-runs.ts';
import { comparisonCsv, comparisonJson, comparisonTable } from '../../../src/pipeline/console/comparison-text.ts';
import { paintWith } from '../../../src/core/text/paint.ts';
import { after, before, sampleRun } from './sample-runs.ts';

const paint = paintWith(false);

test('the table shows what differs, grouped, with the change between two runs', () => {
  expect(comparisonTable(onlyDifferences(compareRuns([before, after])), paint).join('\n')).toMatchInlineSnapshot(`
    "                     quickstart-1       quickstart-2  change
    run
      engine             tensorflow 2.21.0  wasm 4.22.0
    parameters
      train loss.margin  0.5                0.4
      train batch        -                  64
    figures
      verify accuracy    0.912              0.900         -0.0123
    times
      train              2 min 41 s         5 min 22 s    x 2"
  `);
});

test('three runs stand side by side, without a change', () => {
  const third = sampleRun({ id: 'quickstart-3', margin: 0.3, accuracy: 0.95, trainMs: 170_000 });
  const differences = onlyDifferences(compareRuns([before, after, third]));
  expect(comparisonTable(differences, paint).join('\n')).toMatchInlineSnapshot(`
    "                     quickstart-1       quickstart-2  quickstart-3
    run
      engine             tensorflow 2.21.0  wasm 4.22.0   tensorflow 2.21.0
    parameters
      train loss.margin  0.5                0.4           0.3
      train batch        -                  64            -
    figures
      verify accuracy    0.912              0.900         0.950
    times
      train              2 min 41 s         5 min 22 s    2 min 50 s"
  `);
});

test('runs that differ only in their dates and a little in their times have no differences', () => {
  const again = sampleRun({ id: 'quickstart-again', margin: 0.5, accuracy: 0.9123, trainMs: 170_000 });
  const differences = onlyDifferences(compareRuns([before, again]));
  expect(differences.rows).toEqual([]);
  expect(comparisonTable(differences, paint)).toEqual(['no differences']);
});

test('figures that differ by rounding only are no difference', () => {
  const again = sampleRun({ id: 'quickstart-again', margin: 0.5, accuracy: 0.9123 * (1 + 4e-16), trainMs: 161_000 });
  expect(onlyDifferences(compareRuns([before, again])).rows).toEqual([]);
  const other = sampleRun({ id: 'quickstart-other', margin: 0.5, accuracy: 0.9123 * (1 + 1e-9), trainMs: 161_000 });
  expect(onlyDifferences(compareRuns([before, other])).rows).toHaveLength(1);
});

test('of a task that one run does not have, one line tells so', () => {
  const { facts } = after;
  const without = {
    ...after,
    facts: {
      ...facts,
      experiment: { ...facts.experiment, tasks: facts.experiment.tasks.filter(({ id }) => id !== 'train') },
    },
    tasks: [],
  };
  const text = comparisonTable(onlyDifferences(compareRuns([before, without])), paint).join('\n');
  expect(text).toMatchInlineSnapshot(`
    "                   quickstart-1       quickstart-2  change
    run
      engine           tensorflow 2.21.0  wasm 4.22.0
    parameters
      train uses       train 1            -
    figures
      verify accuracy  0.912              0.900         -0.0123
    times
      verify           2.3 s              -"
  `);
});

test('everything can be shown, and long values are cut in the table alone', () => {
  const note = 'a note that is longer than any column of the table may be';
  const all = compareRuns([sampleRun({ id: 'r', margin: 0.5, accuracy: 1, trainMs: 900, extraParams: { note } })]);
  const lines = comparisonTable(all, paint);
  const text = lines.map((line) => line.replace(/ {2,}/g, '  ')).join('\n');
  expect(text).toContain('\n  train note  a note that is longer than any …\n');
  expect(text).toContain('\n  train schedule.steps  [90]\n');
  expect(text).toContain('\ntimes\n  train  900 ms\n');
  expect(comparisonCsv(all)).toContain(`parameter,train,note,${note}\r\n`);
});

test('comma-separated values quote what has to be quoted and leave absent values empty', () => {
  expect(comparisonCsv(compareRuns([before, after])).split('\r\n')).toEqual(
    expect.arrayContaining([
      'section,task,name,quickstart-1,quickstart-2',
      'run,,engine,tensorflow 2.21.0,wasm 4.22.0',
      'parameter,train,batch,,64',
      'parameter,train,schedule.steps,[90],[90]',
      'input,verify,pairs,"[""data/a, \\""b\\"".bin""]","[""data/a, \\""b\\"".bin""]"',
      'figure,verify,accuracy,0.9123,0.9',
      'time,train,time,161000,322000',
    ]),
  );
});

test('JSON holds the same rows as data', () => {
  expect(comparisonJson(onlyDifferences(compareRuns([before, after])))).toEqual({
    ...{ format: 'faceflow-comparison', version: 1 },
    runs: [
      { id: 'quickstart-1', experiment: 'quickstart' },
      { id: 'quickstart-2', experiment: 'quickstart' },
    ],
    rows: [
      { section: 'run', task: '', name: 'engine', values: ['tensorflow 2.21.0', 'wasm 4.22.0'] },
      { section: 'parameter', task: 'train', name: 'loss.margin', values: [0.5, 0.4] },
      { section: 'parameter', task: 'train', name: 'batch', values: [null, 64] },
      { section: 'figure', task: 'verify', name: 'accuracy', values: [0.9123, 0.9] },
      { section: 'time', task: 'train', name: 'time', values: [161_000, 322_000] },
    ],
  });
});
