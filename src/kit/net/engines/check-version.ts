import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { failures } from '../failures.ts';

/** Fails with `engine-changed` unless the library that was loaded is the one whose version is in the keys of this run. */
export function checkVersion({ name, version }: EngineIdentity, found: string): void {
  if (version !== found) fail(failures.engineChanged({ engine: name, planned: version, found }));
}
