import type { FailureCode } from '../../../src/core/failure.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';

/** 2026-01-05 12:00:00 UTC. */
const start = 1767614400000;
export const workspace = '/home/ada/faces';
const folder = `${workspace}/runs/2026-01-05-quickstart-1`;

/** An event without its time. */
export type Said = FlowEvent extends infer Event ? (Event extends FlowEvent ? Omit<Event, 'at'> : never) : never;

/** Adds times to events: each entry is seconds since the start of the run and what happened then. */
export function timed(events: readonly (readonly [seconds: number, said: Said])[]): FlowEvent[] {
  return events.map(([seconds, said]) => ({ at: start + seconds * 1000, ...said }));
}

export function at(seconds: number): number {
  return start + seconds * 1000;
}

export const runStarted: Said = {
  type: 'run-started',
  run: '2026-01-05-quickstart-1',
  experiment: 'quickstart',
  file: `${workspace}/pipelines/quickstart.yaml`,
  tasks: [
    { id: 'synthesize', stage: 'synthesize', kind: 'synthesize', needs: [] },
    { id: 'pack', stage: 'pack', kind: 'face2rec', needs: ['synthesize'] },
    { id: 'train', stage: 'train', kind: 'train', needs: ['pack'] },
    { id: 'verify', stage: 'verify', kind: 'verify', needs: ['pack', 'train'] },
    { id: 'report', stage: 'report', kind: 'report', needs: ['synthesize', 'train', 'verify'] },
  ],
  engine: { name: 'tensorflow', version: '2.21.0' },
  folder,
};

export function log(task: string): string {
  return `${folder}/${task}.log`;
}

export function taskStarted(task: string, ...reasons: string[]): Said {
  return {
    type: 'task-started',
    task,
    key: 'c0ffee' as Key,
    attempt: 1,
    reasons: reasons.map((text) => ({ code: 'param', text })),
    logFile: log(task),
  };
}

export function taskDone(task: string, durationMs: number): readonly [Said, Said] {
  return [
    { type: 'attempt-ended', task, attempt: 1, result: { outcome: 'done' }, durationMs, peakMemoryBytes: 88_080_384 },
    { type: 'task-ended', task, result: { outcome: 'done', key: 'c0ffee' as Key, durationMs } },
  ];
}

export function progress(task: string, done: number, figures: Readonly<Record<string, number>> = {}): Said {
  return { type: 'task-event', task, event: { type: 'progress', done, total: 640, unit: 'steps', figures } };
}

function figure(task: string, name: string, value: number): Said {
  return { type: 'task-event', task, event: { type: 'metric', name, value } };
}

/** Two results from the cache, a training after a changed parameter, a verification, a page. */
export const partlyCachedRun: readonly FlowEvent[] = timed([
  [0, runStarted],
  [0.05, { type: 'task-ended', task: 'synthesize', result: { outcome: 'cached', key: 'aa' as Key } }],
  [0.06, { type: 'task-ended', task: 'pack', result: { outcome: 'cached', key: 'bb' as Key } }],
  [0.1, taskStarted('train', 'loss.margin 0.5 -> 0.4 (quickstart.yaml:14)')],
  [2, progress('train', 0)],
  [5, progress('train', 20, { 'images/s': 20.9, loss: 7.123 })],
  [14, progress('train', 80, { 'images/s': 21.37, loss: 5.018 })],
  [16, progress('train', 96, { 'images/s': 21.4, loss: 4.9 })],
  [30, { type: 'task-event', task: 'train', event: { type: 'log', level: 'warning', message: 'the loss rises' } }],
  [62, progress('train', 400, { 'images/s': 21.52, loss: 3.214 })],
  [98, progress('train', 640, { 'images/s': 21.5, loss: 2.87 })],
  [98.5, { type: 'task-event', task: 'train', event: { type: 'metric', name: 'loss', value: 2.87, step: 640 } }],
  ...taskDone('train', 98_400).map((said): [number, Said] => [98.6, said]),
  [98.7, taskStarted('verify', 'input model: train has run')],
  [101, figure('verify', 'accuracy', 0.9123)],
  [101, figure('verify', 'deviation', 0.0213)],
  [101, figure('verify', 'xnorm', 21.37)],
  ...taskDone('verify', 2300).map((said): [number, Said] => [101.1, said]),
  [101.2, taskStarted('report', 'input logs: train has run', 'input verifications: verify has run')],
  ...taskDone('report', 850).map((said): [number, Said] => [102, said]),
  [
    102.1,
    {
      type: 'run-ended',
      run: '2026-01-05-quickstart-1',
      outcome: 'done',
      durationMs: 102_100,
      counts: { done: 3, cached: 2, failed: 0, interrupted: 0, skipped: 0 },
      figures: [
        { task: 'verify', name: 'accuracy', value: 0.9123 },
        { task: 'verify', name: 'deviation', value: 0.0213 },
        { task: 'verify', name: 'xnorm', value: 21.37 },
      ],
      pages: [{ task: 'report', path: `${folder}/report.html` }],
    },
  ],
]);

/** A task that crashes, is tried again from its checkpoint, and fails for good; what needs it is skipped. */
export const failedRun: readonly FlowEvent[] = timed([
  [0, runStarted],
  [0.05, { type: 'task-ended', task: 'synthesize', result: { outcome: 'cached', key: 'aa' as Key } }],
  [0.06, { type: 'task-ended', task: 'pack', result: { outcome: 'cached', key: 'bb' as Key } }],
  [0.1, taskStarted('train', 'train.rec changed')],
  [4, { type: 'task-output', task: 'train', stream: 'stderr', text: 'terminate called\nwhat(): \u001b[31mno mem' }],
  [
    5,
    {
      type: 'attempt-ended',
      task: 'train',
      attempt: 1,
      result: { outcome: 'crashed', exitCode: null, signal: 'SIGABRT' },
      durationMs: 4900,
    },
  ],
  [
    6,
    {
      type: 'task-started',
      task: 'train',
      key: 'c0ffee' as Key,
      attempt: 2,
      reasons: [],
      resumedFrom: 20,
      logFile: log('train'),
    },
  ],
  [7, { type: 'task-event', task: 'train', event: { type: 'log', level: 'info', message: 'reading train.rec' } }],
  [8, { type: 'task-output', task: 'train', stream: 'stdout', text: 'epoch 1\nepo' }],
  [
    9,
    {
      type: 'attempt-ended',
      task: 'train',
      attempt: 2,
      result: {
        outcome: 'failed',
        failures: [
          {
            code: 'record-truncated' as FailureCode,
            message: 'expected 6272 bytes of image, found 1804',
            at: { file: 'data/train.rec', offset: 4096 },
            hint: 'copy the file again',
          },
        ],
      },
      durationMs: 3000,
    },
  ],
  [
    9,
    {
      type: 'task-ended',
      task: 'train',
      result: {
        outcome: 'failed',
        attempt: {
          outcome: 'failed',
          failures: [
            {
              code: 'record-truncated' as FailureCode,
              message: 'expected 6272 bytes of image, found 1804',
              at: { file: 'data/train.rec', offset: 4096 },
              hint: 'copy the file again',
            },
          ],
        },
      },
    },
  ],
  [9, { type: 'task-ended', task: 'verify', result: { outcome: 'skipped', because: 'train failed' } }],
  [9, { type: 'task-ended', task: 'report', result: { outcome: 'skipped', because: 'train failed' } }],
  [
    9.1,
    {
      type: 'run-ended',
      run: '2026-01-05-quickstart-1',
      outcome: 'failed',
      durationMs: 9100,
      counts: { done: 0, cached: 2, failed: 1, interrupted: 0, skipped: 2 },
      figures: [],
      pages: [],
    },
  ],
]);

/** Nothing to do, on the engine of last resort. */
export const cachedRun: readonly FlowEvent[] = timed([
  [
    0,
    {
      ...runStarted,
      engine: { name: 'wasm', version: '4.22.0' },
      engineNotice:
        'libtensorflow is not installed, so training is several times slower than it could be.\nRun "flow doctor" to see what is missing and how to fix it.',
    },
  ],
  ...['synthesize', 'pack', 'train', 'verify', 'report'].map((task): [number, Said] => [
    0.1,
    { type: 'task-ended', task, result: { outcome: 'cached', key: 'aa' as Key } },
  ]),
  [
    0.18,
    {
      type: 'run-ended',
      run: '2026-01-05-quickstart-1',
      outcome: 'done',
      durationMs: 180,
      counts: { done: 0, cached: 5, failed: 0, interrupted: 0, skipped: 0 },
      figures: [
        { task: 'verify', name: 'accuracy', value: 0.9123 },
        { task: 'verify', name: 'deviation', value: 0.0213 },
      ],
      pages: [{ task: 'report', path: `${folder}/report.html` }],
    },
  ],
]);
