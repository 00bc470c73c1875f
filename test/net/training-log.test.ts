import { expect, test } from 'vitest';
import { FailureError } from '../../src/base/failure.ts';
import { type TrainingLog, decodeTrainingLog, encodeTrainingLog } from '../../src/net/training-log.ts';

const log: TrainingLog = {
  ...{ format: 'faceflow-training-log', version: 1, network: 'y1', loss: 'arcface', batch: 32, totalSteps: 40 },
  ...{ identities: 480, images: 9600 },
  curves: { loss: { step: [20, 40], value: [7.5, 1 / 3] }, 'verification/lfw': { step: [], value: [] } },
};

function failureOf(text: string): readonly [string, string] {
  try {
    decodeTrainingLog(text, 'log.json');
  } catch (error) {
    if (error instanceof FailureError) return [error.failures[0].code, error.failures[0].message];
    throw error;
  }
  throw new Error('no failure');
}

test('a log comes back as it was written, values to seven digits', () => {
  const curves = { ...log.curves, loss: { step: [20, 40], value: [7.5, 0.3333333] } };
  expect(decodeTrainingLog(encodeTrainingLog(log), 'log.json')).toEqual({ ...log, curves });
});

test('the same training is the same bytes', () => {
  expect(encodeTrainingLog({ ...log })).toBe(encodeTrainingLog(log));
});

test('a loss that was not finite comes back as no number', () => {
  const curves = { loss: { step: [1, 2, 3], value: [1, Infinity, NaN] } };
  expect(decodeTrainingLog(encodeTrainingLog({ ...log, curves }), 'log.json').curves).toEqual({
    loss: { step: [1, 2, 3], value: [1, NaN, NaN] },
  });
});

test('what is no log is refused with what was found instead', () => {
  const changed = (change: object): string => JSON.stringify({ ...log, ...change });
  const cases: readonly (readonly [string, string])[] = [
    ['{"format"', 'no JSON'],
    ['[]', 'no "format": "faceflow-training-log"'],
    [changed({ version: 2 }), 'version 2; this program reads version 1'],
    [changed({ curves: [] }), '"curves" is not an object'],
    [changed({ network: 5 }), '"network" is not a text'],
    [changed({ batch: 1.5 }), '"batch" is not a whole number'],
    [changed({ images: -1 }), '"images" is not a whole number'],
    [changed({ curves: { loss: 1 } }), 'curve "loss" is not an object'],
    [
      changed({ curves: { loss: { step: [0.5], value: [1] } } }),
      '"step" of curve "loss" is not a list of whole numbers',
    ],
    [changed({ curves: { loss: { step: [1], value: ['x'] } } }), '"value" of curve "loss" is not a list of numbers'],
    [changed({ curves: { loss: { step: [1], value: [] } } }), 'curve "loss" has 1 steps and 0 values'],
  ];
  for (const [text, found] of cases) {
    expect(failureOf(text)).toEqual(['training-log-invalid', `expected the log of a training, found ${found}`]);
  }
});
