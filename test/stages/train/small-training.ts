import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../src/core/digest.ts';
import { writeVerificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import type { StageEvent } from '../../../src/stage-api/stage.ts';
import type { Params } from '../../../stages/train/contract.ts';
import { run } from '../../../stages/train/run.ts';
import { jpeg, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { otherEngines } from '../../kit/net/backends/engines.ts';

/** About the least that the last feature map of y1, 7 x 7, allows. */
export const side = 97;

export const params: Params = {
  network: { name: 'y1', embeddingSize: 8, bnMomentum: 0.9 },
  loss: { name: 'arcface', margin: 0.5, scale: 64, easyMargin: false },
  optimizer: { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  schedule: { maxSteps: 6, steps: [4], warmupSteps: 0 },
  batch: 2,
  mirror: true,
  verifyEverySteps: 3,
  checkpointEverySteps: 2,
  logEverySteps: 3,
};

/** Eight images of four identities. */
export function pack(): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  for (let index = 0; index < 8; index += 1) writer.add(index >> 1, true, jpeg(index, side));
  writer.finish({ height: side, width: side });
  return folder;
}

export interface Training {
  readonly dataset: string | readonly string[];
  readonly folder: string;
  readonly validation?: readonly string[];
  readonly pretrained?: string;
  readonly peopleModel?: string;
  readonly params?: Partial<Params>;
  readonly ranks?: number;
  /** Called for every event; what it throws ends the stage as a kill would. */
  readonly onEvent?: (event: StageEvent, abort: AbortController) => void;
}

export async function train({
  dataset,
  folder,
  validation = [],
  pretrained,
  peopleModel,
  params: others,
  ranks,
  onEvent,
}: Training): Promise<StageEvent[]> {
  const [engine] = otherEngines();
  if (engine === undefined) throw new Error('there is no engine');
  const events: StageEvent[] = [];
  const abort = new AbortController();
  await run({
    params: { ...params, ...others },
    inputs: { dataset: [dataset].flat(), validation, pretrained, peopleModel },
    outputs: { model: join(folder, 'model'), log: join(folder, 'log.json'), events: join(folder, 'event-files') },
    scratch: folder,
    seed: 5,
    signal: abort.signal,
    engine,
    cpus: ranks ?? 1,
    ...(ranks === undefined ? {} : { ranks }),
    emit(event) {
      events.push(event);
      onEvent?.(event, abort);
    },
  });
  return events;
}

/** The graph, a digest of the parameters, and the log: to compare a million numbers one by one takes a test as long as to train them. */
export function outputs(folder: string): readonly [graph: string, parameters: string, log: string] {
  return [
    readFileSync(join(folder, 'model', 'model.json'), 'utf8'),
    digestOf(readFileSync(join(folder, 'model', 'parameters.bin'))),
    readFileSync(join(folder, 'log.json'), 'utf8'),
  ];
}

export function messages(events: readonly StageEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
}

/** Ten pairs of five different images. */
export function pairs(name = 'four'): string {
  const path = join(temporaryFolder(), `${name}.bin`);
  const images = Array.from({ length: 20 }, (_, index) => jpeg(index % 5, side));
  writeVerificationSet(path, { images, same: images.slice(10).map((_, index) => index % 2 === 0) });
  return path;
}
