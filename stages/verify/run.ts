import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { EmbeddingFile } from '../../src/kit/face/embedding-store.ts';
import type { VerificationFile, VerificationResult } from '../../src/kit/face/verification-result.ts';
import { verifySet, type VerifySetOptions } from '../../src/kit/face/verify-set.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { breakdownLines, breakdownWarnings } from './breakdown-figures.ts';
import { requireNames } from './breakdowns.ts';
import { writeDetails } from './details.ts';
import { type NamedModel, namedModels } from './epochs.ts';
import { figures, maxLines, resultLines, unmeasuredLines } from './figures.ts';
import { setsToMeasure } from './sets.ts';

/** Wrong pairs of either kind that the report can show. */
const worstShown = 12;
/** How often the stage reports that it can resume from here. */
const checkpointMs = 5000;

type Context = StageContext<Params, Inputs, Outputs>;

/** Measures models on verification sets; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, scratch } = context;
  const models = namedModels(inputs.model, params.max);
  requireNames(params, inputs);
  const sets = await setsToMeasure(context);
  makeOwnFolder(outputs.details);
  const notice = researchNotice(licencesOfModels(models.map(({ path }) => path)));
  if (notice !== undefined) context.emit({ type: 'log', level: 'warning', message: notice });
  if (models.length > 1) say(context, `model number ${models.length}`);
  const results: VerificationResult[] = [];
  for (const [index, model] of models.entries()) {
    say(context, `loading ${model.name}`);
    const { engine, cpus: threads } = context;
    const embedder = await loadEmbedder({
      ...{ model: model.path, engine, threads, normalization: chosenNormalization(params.normalization) },
      ...{ output: params.outputs?.[0], input: params.input },
    });
    say(context, `computing with ${embedder.computesWith}`);
    const store = new EmbeddingFile(join(scratch, `embeddings-${index}`), embedder.embeddingSize);
    // The process may run another task next: nothing of this one may stay, however it ends.
    try {
      for (const { set, by, leftOut } of sets) {
        const result = { ...(await measure(context, { embedder, model, set, store, by })), ...leftOut };
        results.push(result);
        warnOfNorm(context, result);
        if (index === 0) await writeDetails({ set, result, store, params, folder: outputs.details });
      }
    } finally {
      store.close();
      await embedder.dispose();
    }
  }
  const content: VerificationFile = { version: 2, results };
  writeFileAtomic(outputs.verification, `${JSON.stringify(content)}\n`);
  if (models.length > 1) for (const line of maxLines(results)) say(context, line);
  for (const figure of figures(results)) context.emit(figure);
};

/** The norms of trained networks are 5 to 100; one that was trained a few steps has moving statistics that are far from its data's. */
const largestNorm = 10_000;

function warnOfNorm(context: Context, { set, xnorm }: VerificationResult): void {
  if (xnorm <= largestNorm) return;
  const message =
    `the embeddings of ${set} have a mean norm of ${xnorm.toExponential(1)}: the figures mean little. ` +
    'The moving statistics of batch normalisation need some fifty training steps to become those of the data';
  context.emit({ type: 'log', level: 'warning', message });
}

interface Measurement {
  readonly embedder: Embedder;
  readonly model: NamedModel;
  readonly set: NamedSet;
  readonly store: EmbeddingFile;
  readonly by: NonNullable<VerifySetOptions['by']>;
}

async function measure(
  context: Context,
  { embedder, model, set, store, by }: Measurement,
): Promise<VerificationResult> {
  say(context, `testing verification.. ${set.name}`);
  const start = performance.now();
  let saidAt = start;
  const result = await verifySet({
    ...set,
    embedder,
    model: model.name,
    folds: context.params.folds,
    batch: context.params.batch,
    worst: worstShown,
    draws: context.params.draws,
    rates: context.params.rates,
    by,
    store,
    signal: context.signal,
    onProgress(done, total) {
      const rate = done / ((performance.now() - start) / 1000);
      context.emit({ type: 'progress', done, total, unit: 'images', figures: { 'images/s': rate } });
      if (performance.now() - saidAt < checkpointMs) return;
      saidAt = performance.now();
      context.emit({ type: 'checkpoint', step: store.count });
    },
  });
  const lines = [
    ...resultLines(result, (performance.now() - start) / 1000),
    ...unmeasuredLines(result),
    ...breakdownLines(result),
  ];
  for (const line of lines) say(context, line);
  for (const message of breakdownWarnings(result)) context.emit({ type: 'log', level: 'warning', message });
  return result;
}

function say(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}
