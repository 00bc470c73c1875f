import { expect, test } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { decodeTrainingLog } from '../../../stages/report/decode-training-log.ts';
import { sampleLog, sampleLogText } from './sample-content.ts';

function failureOf(text: string): readonly [string, string] {
  try {
    decodeTrainingLog(text, 'log.json');
  } catch (error) {
    if (error instanceof FailureError) return [error.failures[0].code, error.failures[0].message];
    throw error;
  }
  throw new Error('no failure');
}

test('a log comes back as it was written', () => {
  expect(decodeTrainingLog(sampleLogText(), 'log.json')).toEqual(sampleLog());
});

test('a loss that was not finite, which JSON cannot say, comes back as NaN', () => {
  const curves = [
    {
      name: 'loss',
      points: [
        [1, Infinity],
        [2, NaN],
        [3, 0.5],
      ],
    },
  ];
  const text = JSON.stringify({ ...sampleLog(), curves });
  expect(decodeTrainingLog(text, 'log.json').curves).toEqual([
    {
      name: 'loss',
      points: [
        [1, NaN],
        [2, NaN],
        [3, 0.5],
      ],
    },
  ]);
});

test('a file that is not a log is refused with what was found instead', () => {
  const changed = (change: object): string => JSON.stringify({ ...sampleLog(), ...change });
  const badPoints = '"points" of curve "loss", which is not a list of [step, value]';
  const cases: readonly (readonly [string, string])[] = [
    ['{"format"', 'something that is not JSON'],
    ['[]', 'no "format": "faceflow-log"'],
    [changed({ version: 2 }), 'version 2; this program reads version 1'],
    [changed({ curves: {} }), '"curves", which is not a list'],
    [changed({ curves: [{ points: [] }] }), 'a curve without a name'],
    [changed({ curves: [{ name: 'loss' }] }), badPoints],
    [changed({ curves: [{ name: 'loss', points: [[1]] }] }), badPoints],
    [changed({ curves: [{ name: 'loss', points: [[0.5, 1]] }] }), badPoints],
    [changed({ curves: [{ name: 'loss', points: [[1, 'x']] }] }), badPoints],
  ];
  for (const [text, found] of cases) {
    expect(failureOf(text)).toEqual(['training-log-invalid', `expected the log of a training, found ${found}`]);
  }
});
