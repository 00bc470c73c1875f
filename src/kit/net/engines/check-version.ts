import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';

/** Fails unless the library that was loaded is the one whose version stands in the keys of this run. */
export function checkVersion(wanted: EngineIdentity, found: string): void {
  if (wanted.version === found) return;
  fail({
    code: 'engine-changed',
    message: `the run was planned with engine ${wanted.name} ${wanted.version}, but ${found} was loaded`,
    hint: 'npm run setup proves the installed engine anew; then run again',
  });
}
