import { expect, test } from 'vitest';
import { textTable } from '../../../src/core/text/text-table.ts';

test('columns line up by what a terminal shows, with wide characters, accents and colour', () => {
  const rows = [
    ['名前', '|', 'ab'],
    ['e\u0301te\u0301', '|', 'cd'],
    ['\u001b[31mred\u001b[39m', '|', ''],
    ['longer', '|', 'ef'],
  ];
  expect(textTable(rows)).toEqual([
    '名前    |  ab',
    'e\u0301te\u0301     |  cd',
    '\u001b[31mred\u001b[39m     |',
    'longer  |  ef',
  ]);
});

test('rows may have different numbers of cells', () => {
  expect(textTable([['a'], ['bcd', 'e'], []])).toEqual(['a', 'bcd  e', '']);
});
