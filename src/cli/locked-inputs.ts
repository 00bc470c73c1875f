import { failWith } from '../base/failure.ts';
import { inputDigest } from '../plan/input-digest.ts';
import { externalInputs, lockViolations } from '../record/input-lock.ts';
import type { Experiment } from '../spec/experiment.ts';
import type { Workspace } from './workspace.ts';

/** Content digests of everything an experiment reads from outside, by path as written there. */
export async function inputDigests(experiment: Experiment, workspace: Workspace): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const input of externalInputs(experiment))
    digests[input.written] = await inputDigest(input, async (path) => (await workspace.digests.digest(path)).digest);
  return digests;
}

/** Fails with every input that is not what flow.lock says. */
export async function checkLocked(experiment: Experiment, workspace: Workspace): Promise<void> {
  failWith(lockViolations(experiment, await inputDigests(experiment, workspace)));
}
