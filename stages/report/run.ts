import { writeFileSync } from 'node:fs';
import type { Stage } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { renderReport } from './page.ts';
import { readMeasured } from './program-section.ts';
import { readIdentifications } from './read-identifications.ts';
import { readAlignments, readLineage, readTrainings, readVerifications } from './read-inputs.ts';
import { sampleFaces } from './sample-faces.ts';

/** Reads what other stages measured and sets it as one page. */
export const run: Stage<Params, Inputs, Outputs> = async ({ params, inputs, outputs }) => {
  const lineage = readLineage(inputs.lineage);
  const page = renderReport({
    title: params.title,
    lineage,
    trainings: readTrainings(inputs.logs, lineage),
    verifications: readVerifications(inputs.verifications, lineage),
    alignments: readAlignments(inputs.alignments, lineage),
    identifications: readIdentifications(inputs.identifications, lineage),
    measured: readMeasured(inputs.figures, lineage),
    faces: inputs.images === undefined ? [] : await sampleFaces(inputs.images, params.samples),
  });
  writeFileSync(outputs.page, page);
};
