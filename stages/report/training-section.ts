import type { Curve, TrainingLog } from '../../src/kit/net/training/training-log.ts';
import { chartFigure, type Mark, type Series } from '../../src/kit/draw/chart.ts';
import { smooth, smoothingWindow, thin } from '../../src/kit/draw/points.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import type { Training } from './read-inputs.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { drops, trainingSentence } from './training-facts.ts';

/** More points than this cannot be told apart at the width of a column. */
const drawnPoints = 400;
/** So few points are marked one by one. */
const dottedPoints = 24;
const watchedPrefix = 'verification/';

/** The curves of the trainings; undefined if there are none. */
export function trainingSection(trainings: readonly Training[]): Html | undefined {
  if (trainings.length === 0) return undefined;
  return markup`<section id="training">
    <h2>Training</h2>
    ${sentences(trainings).map((sentence) => markup`<p>${sentence}</p>`)}
    <div class="columns">${lossFigure(trainings)}${accuracyFigure(trainings)}</div>
  </section>`;
}

/** What trainings have in common is told once, with their names. */
function sentences(trainings: readonly Training[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { facts, name } of trainings) {
    const sentence = trainingSentence(facts, undefined);
    names.set(sentence, [...(names.get(sentence) ?? []), name]);
  }
  return [...names].map(([sentence, of]) => {
    const [first, ...others] = of;
    const facts = trainings.find(({ name }) => name === first)?.facts;
    if (others.length > 0 && names.size === 1)
      return `All ${of.length} trainings alike: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
    if (others.length > 0) return `${of.join(', ')}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
    return facts === undefined || trainings.length === 1 ? sentence : trainingSentence(facts, first);
  });
}

function lossFigure(trainings: readonly Training[]): Html | undefined {
  const series = trainings.flatMap(({ name, log }, index) =>
    bothLines(curveOf(log, 'loss'), nameOf('loss', name, trainings), index),
  );
  if (series.length === 0) return undefined;
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  const chart = {
    summary: 'Loss over the steps of the training',
    x: stepAxis(trainings),
    y: { label: 'loss', domain: niceDomain([0, ...values]) },
    ...{ series, marks: rateMarks(trainings) },
  };
  return chartFigure(
    'Loss',
    chart,
    `${smoothingWords(trainings, 'loss')}${divergedWords(trainings)}${rateWords(trainings)}`,
  );
}

function accuracyFigure(trainings: readonly Training[]): Html | undefined {
  const trained = trainings.flatMap(({ name, log }, index) =>
    bothLines(curveOf(log, 'accuracy'), nameOf('on its batches', name, trainings), index),
  );
  const watched = trainings.map(({ name, log }) => watchedSeries(log, name, trainings));
  // One colour for a training in all its curves; sets that one alone is watched on have colours of their own.
  const coloured = watched.flatMap((each, training) =>
    each.map((series, index) => ({
      ...series,
      colour: trainings.length > 1 ? training : trainings.length + Math.floor(index / 2),
    })),
  );
  if (trained.length + coloured.length === 0) return undefined;
  const chart = {
    summary: 'Accuracy over the steps of the training',
    x: stepAxis(trainings),
    y: { label: 'accuracy', domain: [0, 1] as const },
    // The words stand on the marks of the loss.
    ...{ series: [...trained, ...coloured], marks: rateMarks(trainings).map(({ x }) => ({ x, label: '' })) },
  };
  const batches =
    trained.length === 0 ? '' : 'Lines: share of the training images of a batch whose identity is found. ';
  const sets =
    coloured.length === 0 ? '' : 'Dots: share of pairs told apart rightly, on the sets watched while training.';
  return chartFigure('Accuracy', chart, batches + sets);
}

/** The curve as it was logged, faintly, and its mean, which the eye can follow. */
function bothLines(curve: Curve | undefined, name: string, colour: number): readonly Series[] {
  if (curve === undefined || curve.points.length === 0) return [];
  const { points } = curve;
  const window = smoothingWindow(points.length);
  const clear: Series = {
    name,
    kind: 'line',
    colour: colour,
    points: thin(smooth(points, window), drawnPoints),
  };
  if (points.length <= dottedPoints) return [{ ...clear, name: '', kind: 'dots' }, clear];
  if (window === 1) return [clear];
  return [{ name: '', kind: 'faint', colour: colour, points: thin(points, drawnPoints) }, clear];
}

function watchedSeries(log: TrainingLog, training: string, trainings: readonly Training[]): readonly Series[] {
  return log.curves.flatMap(({ name: curve, points }): Series[] => {
    if (!curve.startsWith(watchedPrefix)) return [];
    const name = nameOf(`on ${curve.slice(watchedPrefix.length)}`, training, trainings);
    return [
      { name: '', kind: 'faint', colour: 0, points },
      { name, kind: 'dots', colour: 0, points },
    ];
  });
}

function curveOf(log: TrainingLog, name: string): Curve | undefined {
  return log.curves.find((curve) => curve.name === name);
}

function nameOf(what: string, training: string, trainings: readonly Training[]): string {
  return trainings.length === 1 ? what : `${training}: ${what}`;
}

function stepAxis(trainings: readonly Training[]): {
  readonly label: string;
  readonly domain: readonly [number, number];
} {
  return { label: 'step', domain: [0, Math.max(1, ...trainings.map(({ facts }) => facts.steps))] };
}

/** Where the learning rate fell: at the step of the schedule, where it is known, or at the first that was logged after it. */
function rateMarks(trainings: readonly Training[]): readonly Mark[] {
  const [only, ...others] = trainings;
  const rates = only === undefined || others.length > 0 ? undefined : curveOf(only.log, 'learningRate');
  if (only === undefined || rates === undefined) return [];
  return drops(rates).map(({ after, step, value }) => ({
    x: only.facts.rateSteps.find((each) => each >= after && each <= step) ?? step,
    label: `rate ${String(Number(value.toPrecision(2)))}`,
  }));
}

function smoothingWords(trainings: readonly Training[], curve: string): string {
  const points = Math.max(...trainings.map(({ log }) => curveOf(log, curve)?.points.length ?? 0));
  const window = smoothingWindow(points);
  return window === 1
    ? 'As logged: each point is the mean of the steps since the one before.'
    : `Faint: as logged; clear: mean of ${window} neighbouring points.`;
}

function divergedWords(trainings: readonly Training[]): string {
  const diverged = trainings.some(
    ({ log }) => curveOf(log, 'loss')?.points.some(([, value]) => !Number.isFinite(value)) === true,
  );
  return diverged ? ' Where the line is broken the loss was not a finite number: the training diverged.' : '';
}

function rateWords(trainings: readonly Training[]): string {
  return rateMarks(trainings).length === 0 ? '' : ' Upright lines: here the schedule lowered the learning rate.';
}
