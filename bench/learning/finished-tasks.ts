import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { VerificationFile } from '../../src/kit/face/verification-result.ts';
import type { NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import type { LossChoice } from '../../src/kit/net/losses/index.ts';
import type { SgdOptions } from '../../src/kit/net/optimizers/sgd.ts';
import type { ScheduleChoice } from '../../src/kit/net/schedules/index.ts';
import type { TrainingLog } from '../../src/kit/net/training/training-log.ts';

/** Parameters of a task of the stage `train`, defaults filled in. */
export interface TrainParams {
  readonly network: NetworkChoice;
  readonly loss: LossChoice;
  readonly optimizer: SgdOptions;
  readonly schedule: ScheduleChoice;
  readonly batch: number;
  readonly logEverySteps: number;
}

interface CacheEntry {
  readonly keyDocument: { readonly seed: number; readonly params: TrainParams };
  readonly engine: { readonly name: string; readonly version: string };
}

/** A training that is done and verified. */
export interface FinishedTraining {
  /** What the groups of the pattern found in the name of its verification. */
  readonly groups: readonly string[];
  readonly seed: number;
  readonly params: TrainParams;
  /** Name and version. */
  readonly engine: string;
  readonly log: TrainingLog;
  readonly verification: VerificationFile['results'][number];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** The output folders of all tasks that are done, by task, whichever run of the workspace has them. */
export function outputsOf(workspace: string): ReadonlyMap<string, string> {
  const runs = join(workspace, 'runs');
  const found = readdirSync(runs)
    .map((run) => join(runs, run, 'outputs'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((task) => [task, join(folder, task)] as const));
  return new Map(found.map(([task, path]) => [task, realpathSync(path)]));
}

/** Trainings whose verification, named as `pattern` says, is done; each `verify[...]` belongs to the `train[...]` of its name. */
export function trainingsOf(workspace: string, pattern: RegExp): readonly FinishedTraining[] {
  const outputs = outputsOf(workspace);
  return [...outputs.keys()].sort().flatMap((task) => {
    const match = pattern.exec(task);
    const [training, verification] = [task.replace(/^verify/, 'train'), task].map((name) => outputs.get(name));
    if (match === null || training === undefined || verification === undefined) return [];
    const { keyDocument, engine } = readJson(join(training, '..', 'entry.json')) as CacheEntry;
    const { results } = readJson(join(verification, 'verification.json')) as VerificationFile;
    const [result] = results;
    if (result === undefined) return [];
    return [
      {
        groups: match.slice(1),
        seed: keyDocument.seed,
        params: keyDocument.params,
        engine: `${engine.name} ${engine.version}`,
        log: readJson(join(training, 'log.json')) as TrainingLog,
        verification: result,
      },
    ];
  });
}
