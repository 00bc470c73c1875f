import { expect, it } from 'vitest';
import { InsightFaceLines, InsightFaceReporter } from '../../src/cli/insightface-lines.ts';
import type { FlowEvent } from '../../src/pipeline/execute/event.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';

const of = (event: StageEvent, task = 'train'): FlowEvent => ({ at: 0, type: 'task-event', task, event });
const metric = (name: string, step: number, value: number): FlowEvent => of({ type: 'metric', name, value, step });
const progress = (done: number, speed: number): FlowEvent =>
  of({ type: 'progress', done, unit: 'steps', figures: { 'images/s': speed } });
/** A point of the curves, as the stage emits it. 50 steps are an epoch. */
const point = (step: number, accuracy: number, rate = 0.1): FlowEvent[] => [
  metric('loss', step, 9),
  metric('accuracy', step, accuracy),
  metric('learningRate', step, rate),
  metric('epoch', step, step / 50),
];
const verified = (step: number, sets: Readonly<Record<string, number>>): FlowEvent[] => [
  ...Object.keys(sets).flatMap((set) => [
    metric(`deviation/${set}`, step, 0.00429),
    metric(`xnorm/${set}`, step, 11.3114),
  ]),
  ...Object.entries(sets).map(([set, accuracy]) => metric(`verification/${set}`, step, accuracy)),
];

function lines(events: readonly FlowEvent[]): string[] {
  const training = new InsightFaceLines();
  return events.flatMap((event) => training.linesFor(event));
}

it('prints the lines of the program of 2018, with its tabs, digits and brackets', () => {
  expect(
    lines([
      ...point(20, 0),
      progress(20, 990.777),
      ...point(40, 0.0029762),
      ...point(1000, 0.5),
      ...verified(1000, { lfw: 0.986, agedb_30: 0.91317 }),
      ...point(1020, 0.5, 0.01),
      ...verified(2000, { lfw: 0.99, agedb_30: 0.9 }),
      { at: 0, type: 'task-ended', task: 'train', result: { outcome: 'interrupted' } },
    ]),
  ).toEqual([
    'INFO:root:Epoch[0] Batch [40]\tSpeed: 990.78 samples/sec\tacc=0.002976',
    'INFO:root:Epoch[0] Train-acc=0.002976',
    'INFO:root:Epoch[0] Time cost=0.000',
    'INFO:root:Epoch[19] Batch [50]\tSpeed: 990.78 samples/sec\tacc=0.500000',
    'lr-batch-epoch: 0.1 49 19',
    '[lfw][1000]XNorm: 11.311400',
    '[lfw][1000]Accuracy-Flip: 0.98600+-0.00429',
    '[agedb_30][1000]XNorm: 11.311400',
    '[agedb_30][1000]Accuracy-Flip: 0.91317+-0.00429',
    '[1000]Accuracy-Highest: 0.91317',
    'INFO:root:Epoch[19] Train-acc=0.500000',
    'INFO:root:Epoch[19] Time cost=0.000',
    'lr change to 0.01',
    'INFO:root:Epoch[20] Batch [20]\tSpeed: 990.78 samples/sec\tacc=0.500000',
    '[lfw][2000]XNorm: 11.311400',
    '[lfw][2000]Accuracy-Flip: 0.99000+-0.00429',
    '[agedb_30][2000]XNorm: 11.311400',
    '[agedb_30][2000]Accuracy-Flip: 0.90000+-0.00429',
    // Of the last set, over all verifications.
    '[2000]Accuracy-Highest: 0.91317',
  ]);
});

it('prints what an epoch took and its accuracy once the next one has begun, and every thousandth step though no point is at it', () => {
  const at = (time: number, events: readonly FlowEvent[]): FlowEvent[] => events.map((each) => ({ ...each, at: time }));
  const points = [at(1000, point(30, 0.25)), at(3500, point(990, 0.5)), at(9250, point(1020, 0.75))];
  expect(lines(points.flat())).toEqual([
    'INFO:root:Epoch[0] Train-acc=0.250000',
    'INFO:root:Epoch[0] Time cost=2.500',
    'INFO:root:Epoch[19] Train-acc=0.500000',
    'INFO:root:Epoch[19] Time cost=5.750',
    'lr-batch-epoch: 0.1 49 19',
  ]);
});

it('prints the loss of a training that does not guess identities', () => {
  const events = [progress(1, 10), metric('loss', 20, 0.25), metric('learningRate', 20, 0.1), metric('epoch', 20, 0.4)];
  expect(lines(events)).toEqual(['INFO:root:Epoch[0] Batch [20]\tSpeed: 10.00 samples/sec\tlossvalue=0.250000']);
});

it('says which training it is where a run has several, and shows the rest of the run as ever', () => {
  let text = '';
  const reporter = new InsightFaceReporter({
    sink: { write: (piece) => (text += piece) },
    colour: false,
    workspace: '/w',
  });
  const tasks = ['a', 'b'].map((id) => ({ id, stage: id, kind: 'train', needs: [] }));
  const engine = { name: 'wasm', version: '4.22.0' } as const;
  const started = { run: 'r', experiment: 'e', file: '/w/e.yaml', folder: '/w/runs/r', tasks, engine };
  const events: FlowEvent[] = [
    { at: 0, type: 'run-started', ...started },
    of({ type: 'progress', done: 1, total: 2, unit: 'steps', figures: { 'images/s': 3 } }, 'b'),
    of({ type: 'metric', name: 'loss', step: 2, value: 1 }, 'b'),
    of({ type: 'metric', name: 'epoch', step: 2, value: 1 }, 'b'),
    of({ type: 'log', level: 'warning', message: 'something' }, 'a'),
  ];
  for (const event of events) reporter.handle(event);
  expect(text.split('\n').slice(-3)).toEqual([
    'b: INFO:root:Epoch[0] Batch [2]\tSpeed: 3.00 samples/sec\tlossvalue=1.000000',
    'a: warning: something',
    '',
  ]);
});
