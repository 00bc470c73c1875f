import { throwIfAny } from '../../../core/failure.ts';
import type { Model } from '../model/model-folder.ts';
import { readOptionFailures } from './check-options.ts';
import type { ModelFormat, ModelReadOptions } from './model-format.ts';

/** A model where it lies, and what its files do not say. */
export interface ModelSource {
  readonly format: ModelFormat;
  readonly path: string;
  readonly options: ModelReadOptions;
}

/** Reads a model. Fails with `option-not-taken` before anything is read, and with the codes of the format. */
export function readModelAs({ format, path, options }: ModelSource): Model {
  throwIfAny(readOptionFailures(format, options, path));
  return format.read(path, options);
}
