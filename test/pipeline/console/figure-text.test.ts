import { expect, test } from 'vitest';
import { counted } from '../../../src/core/human.ts';
import { figureText, figureValue, figuresText } from '../../../src/pipeline/console/figure-text.ts';

test('figures have as many digits as matter at a glance', () => {
  const values = [0, 1240, 1240.7, 158.23, 21.37, 3.214, 0.9123, 0.003161, 1.04e-7, -0.5, 2.59e23, NaN, Infinity];
  expect(values.map(figureValue)).toEqual([
    ...[
      '0',
      '1240',
      '1241',
      '158',
      '21.4',
      '3.21',
      '0.912',
      '0.00316',
      '1.0e-7',
      '-0.500',
      '2.59e+23',
      'NaN',
      'Infinity',
    ],
  ]);
});

test('rates are written behind their value, everything else before it', () => {
  expect(figureText('images/s', 21.37)).toBe('21.4 images/s');
  expect(figureText('loss', 3.2139)).toBe('loss 3.21');
  expect(figureText('lfw/xnorm', 21.37)).toBe('lfw/xnorm 21.4');
});

test('a deviation belongs to the figure before it', () => {
  const figures = [
    { name: 'accuracy', value: 0.9123 },
    { name: 'deviation', value: 0.0213 },
    { name: 'xnorm', value: 21.4 },
  ];
  expect(figuresText(figures)).toBe('accuracy 0.912 ± 0.021, xnorm 21.4');
  expect(figuresText(figures.slice(1, 2))).toBe('deviation 0.0213');
  const ofSet = figures.map(({ name, value }) => ({ name: `lfw/${name}`, value }));
  expect(figuresText(ofSet)).toBe('lfw/accuracy 0.912 ± 0.021, lfw/xnorm 21.4');
});

test('of shares close to 1 it matters what is missing', () => {
  expect([0.98667, 0.99333, 0.99912, -0.9945, 1].map(figureValue)).toEqual([
    '0.987',
    '0.9933',
    '0.99912',
    '-0.9945',
    '1',
  ]);
  const figures = [
    { name: 'accuracy', value: 0.9945 },
    { name: 'deviation', value: 0.0046577 },
  ];
  expect(figuresText(figures)).toBe('accuracy 0.99450 ± 0.00466');
});

test('one task is a task', () => {
  expect([counted(0, 'task'), counted(1, 'task'), counted(2, 'task')]).toEqual(['0 tasks', '1 task', '2 tasks']);
});
