import { throwIfAny } from '../core/failure.ts';
import { inputDigest } from '../pipeline/plan/key-document.ts';
import { externalInputs, lockViolations } from '../pipeline/record/input-lock.ts';
import type { Experiment } from '../pipeline/experiment/experiment.ts';
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
  throwIfAny(lockViolations(experiment, await inputDigests(experiment, workspace)));
}
