import { companionFiles } from '../../../core/companion-files.ts';
import type { ModelFormat } from './model-format.ts';

/** The files that a model at `path` consists of: those that the path means, there or not, and those beside them. */
export function filesOf(format: ModelFormat, path: string): readonly string[] {
  const named = format.filesAt(path);
  return [...new Set([...named, ...named.flatMap((file) => companionFiles(file, format.companions))])];
}
