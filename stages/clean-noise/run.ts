import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { copyIdentities } from '../../src/kit/dataset/dataset-copy.ts';
import { writeCentreListing } from '../../src/kit/face/centre-listing.ts';
import { embedSet } from '../../src/kit/face/embed-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { findNoise } from './find-noise.ts';
import { droppedTable, type Findings, noiseReport } from './report.ts';
import { writeShownImages } from './shown-images.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Drops images that do not show the person they are filed under; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, params, engine, cpus: threads, signal, scratch } = context;
  const set = await embedSet({
    ...{ ...inputs, rowsFile: join(scratch, 'rows'), engine, threads, signal },
    ...{ batch: params.batch, normalization: chosenNormalization(params.normalization) },
    emit: (event) => {
      context.emit(event);
    },
  });
  try {
    const cosines = set.centreCosines();
    await writeAll(context, { set, cosines, identities: findNoise(set, cosines, params) });
  } finally {
    set.close();
  }
};

/** The report, what is to be looked at, and the set. Fails with `nothing-to-pack`. */
async function writeAll(context: Context, findings: Findings): Promise<void> {
  const { inputs, outputs, params } = context;
  const { set, cosines, identities } = findings;
  const report = noiseReport(findings, params, inputs.model);
  const { images } = report;
  if (images.after === 0)
    fail(failures.allNoise({ images: images.before, mode: params.mode }, { file: inputs.dataset }));
  writeFileAtomic(outputs.noise, `${JSON.stringify(report, undefined, 1)}\n`);
  writeCentreListing(outputs.c2c, set.set, cosines);
  await writeShownImages(findings, { count: params.shownImages, threshold: report.threshold }, outputs.details);
  writeFileSync(join(outputs.details, 'dropped.tsv'), droppedTable(findings));
  const left = identities.filter(({ kept }) => kept.length > 0);
  const numbered = left.map(({ label, kept: positions }, place) => {
    return { from: set.set, positions, label: params.renumber ? place : label };
  });
  const progress = new WorkProgress(context, 'images', images.after);
  const options = { folder: outputs.dataset, labelForm: params.labels, onImage: () => progress.step() };
  await copyIdentities(numbered, options);
  progress.end();
  const figures = {
    identities: report.identities.after,
    images: images.after,
    'identities dropped': report.identities.before - report.identities.after,
    'images dropped': images.before - images.after,
  };
  for (const [name, value] of Object.entries(figures)) context.emit({ type: 'metric', name, value });
}
