import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import { counted } from '../../src/core/human.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities } from '../../src/kit/dataset/dataset-copy.ts';
import { requireFittingSets } from '../../src/kit/dataset/packed-sets.ts';
import { EmbeddedSet } from '../../src/kit/face/embedded-set.ts';
import { embeddingProgress } from '../../src/kit/face/features/embedding-progress.ts';
import { openProducts } from '../../src/kit/face/similarity/products.ts';
import { readVerificationSets } from '../../src/kit/face/verification-sets.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import { writeClosestPairs } from './closest-pairs.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { type Exclusion, openExclusions } from './exclusion.ts';
import { failures } from './failures.ts';
import { findOverlap, type Overlap } from './find-overlap.ts';
import { type Findings, identityTable, type OverlapReport, overlapReport } from './report.ts';
import { aboutGap } from './gap-note.ts';
import { requireComparison } from './require-comparison.ts';
import { thresholdChart } from './threshold-chart.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Takes people out of packed sets; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, cpus: threads, signal } = context;
  requireComparison(inputs);
  const notice = researchNotice(licencesOfModels([inputs.model]));
  if (notice !== undefined) context.emit({ type: 'log', level: 'warning', message: notice });
  const embedder = await loadEmbedder({
    ...{ model: inputs.model, engine, threads },
    normalization: chosenNormalization(params.normalization),
  });
  const columns = embedder.embeddingSize;
  const opened: Opened = { sets: [], exclusions: [] };
  try {
    openAll(context, opened, columns);
    await embedAll(context, opened, embedder).finally(() => embedder.dispose());
    const products = await openProducts({ engine, threads, columns });
    try {
      const { threshold, mergeThreshold } = params;
      const comparison = { ...opened, products, columns, threshold, mergeThreshold, signal };
      const findings = { comparison, overlap: await findOverlap(comparison) };
      const report = overlapReport(findings, params, inputs.model);
      tell(context, report);
      await writeAll(context, findings, report);
      writeFileAtomic(outputs.overlap, `${JSON.stringify(report, undefined, 1)}\n`);
    } finally {
      await products.dispose();
    }
  } finally {
    for (const each of [...opened.sets, ...opened.exclusions]) each.close();
  }
};

interface Opened {
  readonly sets: EmbeddedSet[];
  readonly exclusions: Exclusion[];
}

/** What is opened is put into `opened` at once, so that it is closed whatever happens. */
function openAll({ inputs, params, scratch }: Context, { sets, exclusions }: Opened, columns: number): void {
  for (const [index, folder] of inputs.datasets.entries()) {
    sets.push(new EmbeddedSet(folder, join(scratch, `rows-set-${index}`), columns));
  }
  requireFittingSets(sets.map(({ set: { folder, property } }) => ({ ...property, folder })));
  const named = readVerificationSets(inputs.pairs, params.names);
  exclusions.push(...openExclusions({ sets: named, folders: inputs.excluded, scratch, columns }));
}

async function embedAll(context: Context, { sets, exclusions }: Opened, embedder: Embedder): Promise<void> {
  const { params, signal } = context;
  context.emit({ type: 'log', level: 'info', message: `computing with ${embedder.computesWith}` });
  const parts = [
    ...exclusions.map((each) => ({ each, images: each.images })),
    ...sets.map((each) => ({ each, images: each.set.imageCount })),
  ];
  const total = parts.reduce((sum, { images }) => sum + images, 0);
  const known = parts.reduce((sum, { each }) => sum + each.done, 0);
  const progress = embeddingProgress(
    (event) => {
      context.emit(event);
    },
    { total, known },
  );
  let before = 0;
  for (const { each, images } of parts) {
    const onProgress = (done: number): void => {
      progress(before + done);
    };
    await each.embed({ embedder, batch: params.batch, signal, onProgress });
    before += images;
  }
}

/** The set that is left, and what is to be looked at. Fails with `no-identity-left`. */
async function writeAll(context: Context, findings: Findings, report: OverlapReport): Promise<void> {
  const { outputs, params, inputs } = context;
  const { comparison, overlap } = findings;
  await writeClosestPairs(findings, params.closestPairs, outputs.details);
  writeFileSync(join(outputs.details, 'identities.tsv'), identityTable(findings));
  const chart = thresholdChart(report);
  if (chart !== undefined) writeFileSync(join(outputs.details, 'thresholds.svg'), chart);
  const kept = keptIdentities(findings);
  if (kept.length === 0) {
    const facts = { identities: overlap.candidates.length, threshold: params.threshold };
    fail(failures.noIdentityLeft(facts, { file: inputs.datasets[0] ?? '' }));
  }
  const total = kept.reduce((sum, { positions }) => sum + positions.length, 0);
  const progress = new WorkProgress(context, 'images', total);
  const options = { folder: outputs.dataset, labelForm: params.labels, onImage: () => progress.step() };
  const manifest = await copyIdentities(kept, options);
  progress.end();
  const images = comparison.sets.reduce((sum, { set }) => sum + set.imageCount, 0);
  const figures = {
    identities: manifest.identities,
    images: manifest.images,
    'identities removed': overlap.candidates.length - manifest.identities,
    'images removed': images - manifest.images,
  };
  for (const [name, value] of Object.entries(figures)) context.emit({ type: 'metric', name, value });
}

function keptIdentities({
  comparison,
  overlap,
}: {
  readonly comparison: Findings['comparison'];
  readonly overlap: Overlap;
}) {
  return overlap.candidates
    .filter(({ outcome }) => outcome === 'kept')
    .flatMap(({ set, identity }, label) => {
      const own = comparison.sets[set];
      return own === undefined ? [] : [{ from: own.set, positions: own.identities[identity]?.positions ?? [], label }];
    });
}

function tell(context: Context, report: OverlapReport): void {
  const say = (message: string): void => {
    context.emit({ type: 'log', level: 'info', message });
  };
  for (const { name, identities, removed } of report.sets) {
    const { duplicate, excluded } = removed;
    const twice = report.sets.length === 1 ? '' : `${duplicate.identities} who are in an earlier set, `;
    say(
      `${basename(name)}: of ${counted(identities, 'identity', 'identities')} ${twice}${excluded.identities} who are excluded are left out, with ${counted(duplicate.images + excluded.images, 'image')}`,
    );
  }
  for (const { name, removed, closest } of report.exclusions) {
    say(`${name}: ${removed} (closest ${closest.toFixed(3)})`);
    context.emit({ type: 'metric', name: `removed/${name}`, value: removed });
  }
  if (report.gap !== undefined) context.emit({ type: 'log', ...aboutGap(report, report.gap) });
}
