import { referencedFiles } from '../../src/kit/face/features/referenced-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import type { Inputs } from './contract.ts';

/** Files that the models name beside them, and images that the list names by paths which lead out of the folder of images. */
export const references: FindReferences<Inputs> = ({ model, images, list }) =>
  referencedFiles(model, [{ images, list }]);
