import { expect, it } from 'vitest';
import { settingsTables, sortedRows } from '../../../src/kit/draw/settings-table.ts';

const task = (id: string, figure: number, settings = {}) => ({
  ...{ id, stage: id.split('[')[0] ?? '', settings },
  figures: [{ name: 'accuracy', value: figure }],
});

it('stages that share a matrix share its rows; what all rows have in common is left out', () => {
  const tables = settingsTables([
    task('train[m=0.1]', 3, { loss: { margin: 0.1, scale: 64 }, steps: 10 }),
    task('train[m=0.5]', 4, { loss: { margin: 0.5, scale: 32 }, steps: 10 }),
    task('verify[m=0.1]', 0.9),
    task('verify[m=0.5]', 0.8),
    task('pack', 7),
  ]);
  expect(tables).toEqual([
    {
      columns: [
        { name: 'm', kind: 'choice' },
        // The margin is the choice itself.
        { name: 'loss.scale', kind: 'setting' },
        { name: 'train accuracy', kind: 'figure' },
        { name: 'verify accuracy', kind: 'figure' },
      ],
      rows: [
        [0.1, 64, 3, 0.9],
        [0.5, 32, 4, 0.8],
      ],
    },
  ]);
});

it('each matrix has a table, and a choice that lacks a figure a gap, which is sorted to the end', () => {
  const [first, second] = settingsTables([
    task('a[x=1]', 2),
    task('a[x=2]', 3),
    { ...task('a[x=3]', 0), figures: [] },
    task('b[y=1]', 1),
    task('b[y=2]', 2),
  ]);
  expect(second?.columns.map(({ name }) => name)).toEqual(['y', 'accuracy']);
  expect(first === undefined ? [] : sortedRows(first, 1, false).rows).toEqual([
    [2, 3],
    [1, 2],
    [3, null],
  ]);
});

it('without a matrix the tasks with figures are the rows', () => {
  expect(settingsTables([task('train', 1), task('verify', 2)])[0]?.rows).toEqual([
    ['train', 1, null],
    ['verify', null, 2],
  ]);
  expect(settingsTables([{ ...task('a', 1), figures: [] }])).toEqual([]);
});
