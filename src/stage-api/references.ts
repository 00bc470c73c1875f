import type { InputPaths } from './stage.ts';

/** Where the key of a task of a stage with `"references": true` keeps the content of the files that its inputs name. */
export const referencesPort = 'references';

/**
 * What `references.ts` of a stage with `"references": true` exports as `references`: absolute paths of the files that the
 * content of its inputs names and that are in none of them. Asked before every decision whether a task runs, so it must
 * be fast, and it leaves out what it cannot understand: the stage itself fails with that. A file that is not there is
 * named too: its absence is part of the key.
 */
export type FindReferences<Inputs = InputPaths> = (inputs: Inputs) => Iterable<string>;
