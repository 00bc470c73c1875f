import { basename } from 'node:path';
import { writeFileAtomic } from '../../src/base/atomic-file.ts';
import type { Stage } from '../../src/base/stage.ts';
import type { VerificationResult } from '../../src/face/verification-result.ts';
import { verifySet } from '../../src/face/verify-set.ts';
import { readVerificationSet } from '../../src/format/verification-set.ts';
import { loadEmbedder } from '../../src/net/embedder.ts';
import { loadEngine } from '../../src/net/engines/load.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Wrong pairs of either kind that the report can show. */
const worstShown = 12;

/** Measures a model on a verification set; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs } = context;
  const set = readVerificationSet(inputs.pairs);
  const name = basename(inputs.pairs).replace(/\.bin$/, '');
  const engine = await loadEngine(context.engine, { threads: context.cpus });
  const embedder = await loadEmbedder({ modelFolder: inputs.model, engine });
  const result = await verifySet({
    embedder,
    set,
    name,
    file: inputs.pairs,
    folds: params.folds,
    batch: params.batch,
    worst: worstShown,
    signal: context.signal,
    onProgress: (done, total) => {
      context.emit({ type: 'progress', done, total, unit: 'images' });
    },
  });
  embedder.dispose();
  writeFileAtomic(outputs.verification, `${JSON.stringify(result)}\n`);
  for (const message of resultLines(result)) context.emit({ type: 'log', level: 'info', message });
  for (const figure of ['accuracy', 'deviation', 'xnorm'] as const) {
    context.emit({ type: 'metric', name: figure, value: result[figure] });
  }
};

/** In the form of the 2018 system (src/eval/verification.py), so that its log readers go on working. */
export function resultLines(result: VerificationResult): readonly string[] {
  const { set, accuracy, deviation, accuracyWithoutFlip, deviationWithoutFlip } = result;
  return [
    `[${set}]XNorm: ${result.xnorm.toFixed(6)}`,
    `[${set}]Accuracy: ${accuracyWithoutFlip.toFixed(5)}+-${deviationWithoutFlip.toFixed(5)}`,
    `[${set}]Accuracy-Flip: ${accuracy.toFixed(5)}+-${deviation.toFixed(5)}`,
  ];
}
