import { referencedFiles } from '../../src/kit/face/features/referenced-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the models name beside them, and images that the lists name by paths which lead out of their folders. */
export const references: FindReferences<Inputs> = ({ model, probes, probeList, distractors, distractorList }) =>
  referencedFiles(model, [
    { images: probes, list: probeList },
    { images: distractors, list: distractorList },
  ]);
