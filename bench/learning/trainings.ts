import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Curve } from '../../src/kit/net/training/training-log.ts';
import { type FinishedTraining, outputsOf, trainingsOf } from './finished-tasks.ts';
import type { PlannedTraining } from './peer-plan.ts';

/** One of the trainings of the experiment. */
export interface Chosen {
  readonly seed: string;
  readonly loss: string;
}

/** What came of a training, by us or by PyTorch. */
export interface Training {
  readonly loss: string;
  readonly seed: number;
  readonly program: string;
  /** By whom the images of the training were decoded. */
  readonly pixels: string;
  /** Over ten folds of the verification set. */
  readonly accuracy: number;
  readonly accuracies: readonly number[];
  readonly curves: readonly Curve[];
}

export const taskOf = (stage: string, { seed, loss }: Chosen): string => `${stage}[seed=${seed},loss=${loss}]`;

const instance = /^verify\[seed=(\d+),loss=([a-z]+)\]$/;

export const peerFolder = (workspace: string, { seed, loss }: Chosen): string =>
  join(workspace, 'peer', `${loss}-${seed}`);

/** Where test/peers/training.py leaves what came of its training; `pixels`: exact, or ours. */
export const peerResult = (workspace: string, each: Chosen, pixels: string): string =>
  join(peerFolder(workspace, each), `${pixels}.json`);

/** A training of ours that is done and verified, with the parameters that it had. */
export function finishedTraining(workspace: string, each: Chosen): PlannedTraining {
  const found = trainingsOf(workspace, instance).find(
    ({ groups }) => groups[0] === each.seed && groups[1] === each.loss,
  );
  const pack = outputsOf(workspace).get('pack');
  if (found === undefined || pack === undefined)
    throw new Error(`${taskOf('verify', each)} is not done in ${workspace}`);
  return { ...found.params, seed: found.seed, dataset: join(pack, 'dataset'), pairs: join(pack, 'pairs.bin') };
}

/** All trainings of a workspace that are done, ours before those of PyTorch. */
export function collect(workspace: string): readonly Training[] {
  const ours = trainingsOf(workspace, instance);
  const theirs = ours.flatMap(({ groups: [seed = '', loss = ''] }) =>
    ['exact', 'ours'].flatMap((pixels) => {
      const file = peerResult(workspace, { seed, loss }, pixels);
      if (!existsSync(file)) return [];
      const result = JSON.parse(readFileSync(file, 'utf8')) as Omit<Training, 'loss' | 'seed'>;
      return [{ loss, seed: Number(seed), ...result }];
    }),
  );
  return [...ours.map(ourTraining), ...theirs];
}

function ourTraining({ groups: [, loss = ''], seed, engine, log, verification }: FinishedTraining): Training {
  return {
    loss,
    seed,
    program: `faceflow, ${engine}`,
    pixels: 'as ours',
    accuracy: verification.accuracy,
    accuracies: verification.folds.map(({ accuracy }) => accuracy),
    curves: log.curves.filter(({ name }) => name === 'loss'),
  };
}
