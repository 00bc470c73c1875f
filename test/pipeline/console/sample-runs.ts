import type { Json } from '../../../src/core/digest.ts';
import type { RunFacts } from '../../../src/pipeline/record/run-facts.ts';
import type { ComparedRun } from '../../../src/pipeline/console/compare-runs.ts';

export interface Sample {
  readonly id: string;
  readonly margin: number;
  readonly accuracy: number;
  readonly trainMs: number;
  readonly engine?: RunFacts['engine'];
  readonly extraParams?: Readonly<Record<string, Json>>;
}

/** A run of a training and a verification. */
export function sampleRun({ id, margin, accuracy, trainMs, engine, extraParams }: Sample): ComparedRun {
  const facts: RunFacts = {
    ...{ format: 'faceflow-run', version: 1, id, startedAt: `2026-01-0${id.length}T12:00:00.000Z` },
    call: {
      file: 'quickstart.yaml',
      overrides: [`stages.train.with.loss.margin=${margin}`],
      overrideFiles: [],
      profile: null,
    },
    runner: { host: 'ada', pid: 1, started: '1' },
    machine: {
      ...{ host: 'ada', platform: 'linux', cpu: 'Xeon', cpus: 2, memoryBytes: 2 ** 34, node: 'v20.20.2' },
      ...{ faceflow: '0.1.0', packages: { onnxruntime: '1.30.0' } },
    },
    ...{ gitCommit: null, engine: engine ?? { name: 'tensorflow', version: '2.21.0' }, engineNotice: null },
    experiment: {
      ...{ name: 'quickstart', summary: '', file: '/w/quickstart.yaml', workspace: '/w', text: '', params: {} },
      tasks: [
        {
          ...{
            id: 'train',
            stage: 'train',
            kind: 'train',
            kindVersion: 1,
            seed: 1,
            inputs: { dataset: ['pack:dataset'] },
          },
          params: { loss: { name: 'arcface', margin }, schedule: { steps: [90] }, ...extraParams },
        },
        {
          ...{ id: 'verify', stage: 'verify', kind: 'verify', kindVersion: 1, seed: 1, params: { folds: 10 } },
          inputs: { pairs: ['data/a, "b".bin'] },
        },
      ],
    },
  };
  return {
    ...{ facts, outcome: 'done', figures: [{ task: 'verify', name: 'accuracy', value: accuracy }] },
    tasks: [
      { task: 'train', outcome: 'done', durationMs: trainMs },
      { task: 'verify', outcome: 'cached', durationMs: 2300 },
    ],
  };
}

export const before = sampleRun({ id: 'quickstart-1', margin: 0.5, accuracy: 0.9123, trainMs: 161_000 });
export const after = sampleRun({
  ...{ id: 'quickstart-2', margin: 0.4, accuracy: 0.9, trainMs: 322_000, extraParams: { batch: 64 } },
  engine: { name: 'wasm', version: '4.22.0' },
});
