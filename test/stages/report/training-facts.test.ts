import { expect, test } from 'vitest';
import type { Point } from '../../../src/kit/draw/points.ts';
import { drops, trainingFacts, trainingSentence } from '../../../stages/report/training-facts.ts';
import { sampleLineage, sampleLog, sampleTraining } from './sample-content.ts';

test('facts come from the parameters of the task that trained and the figures of what it read', () => {
  expect(sampleTraining().facts).toEqual({
    ...{ network: 'y1', loss: 'arcface', batch: 32, steps: 640, identities: 480, images: 9600 },
    rateSteps: [400, 560],
  });
});

test('a training is told in one sentence, shorter where less is known', () => {
  const facts = sampleTraining().facts;
  expect(trainingSentence(facts)).toBe(
    'Network y1 with the loss arcface, 640 steps of 32 images each: 2.1 passes over 9\u202f600 images of 480 people.',
  );
  expect(trainingSentence(trainingFacts(sampleLog(), undefined, sampleLineage), 'training 1')).toBe(
    'training 1: network, 640 steps.',
  );
});

test('a drop is where the rate falls by the schedule, not where it warms up or fades', () => {
  const points: Point[] = [
    [20, 0.05],
    [40, 0.1],
    [60, 0.1],
    [80, 0.01],
    [100, 0.0095],
    [120, 0.001],
  ];
  expect(drops({ name: 'learningRate', points })).toEqual([
    { after: 60, step: 80, value: 0.01 },
    { after: 100, step: 120, value: 0.001 },
  ]);
});
