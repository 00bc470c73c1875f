import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataLoader } from '../../src/kit/dataset/data-loader.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { backboneOf, buildNetwork, type NetworkChoice } from '../../src/kit/net/backbones/index.ts';
import { embeddingOutput } from '../../src/kit/net/model/embedding-output.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { type LossChoice, lossOf } from '../../src/kit/net/losses/index.ts';
import { writeArrayFile } from '../../src/kit/net/model/array-file.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import { ruleOf } from '../../src/kit/net/optimizers/index.ts';
import type { SgdOptions } from '../../src/kit/net/optimizers/sgd.ts';
import { learningRateAt, type ScheduleChoice } from '../../src/kit/net/schedules/index.ts';
import { Trainer } from '../../src/kit/net/training/trainer.ts';

/** A training of ours, as the parameters of the stage `train` have it. */
export interface PlannedTraining {
  /** Folder of the packed set. */
  readonly dataset: string;
  /** The verification set (.bin). */
  readonly pairs: string;
  readonly network: NetworkChoice;
  readonly loss: LossChoice;
  readonly optimizer: SgdOptions;
  readonly schedule: ScheduleChoice;
  readonly batch: number;
  readonly seed: number;
  readonly logEverySteps: number;
}

/**
 * Writes what test/peers/training.py repeats a training from: plan.json with the graph, the loss, which images every batch
 * has, which of them are mirrored, and the rate; start.bin with the parameters before the first step. With `pixels` also
 * pixels.bin, the images as our training decodes them.
 */
export async function writePeerPlan(
  folder: string,
  training: PlannedTraining,
  { backend, pixels = false }: { readonly backend: Backend; readonly pixels?: boolean },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { dataset, pairs, network, loss, optimizer, schedule, batch, seed, logEverySteps } = training;
  const { identities, size, batches } = await batchesOf(training, pixels ? join(folder, 'pixels.bin') : undefined);
  const shaped = inferShapes(buildNetwork(network, size));
  const bound = lossOf(loss);
  const start = { backend, shaped, weights: backboneOf(network).weights, classes: identities, loss: bound, seed };
  const trainer = new Trainer({ ...start, optimizer: ruleOf(optimizer) });
  const state: NamedArray[] = [];
  for await (const array of trainer.state()) state.push(array);
  trainer.dispose();
  const content = {
    graph: shaped.graph,
    classes: identities,
    loss,
    lossArrays: bound.arrays({ classes: identities, embeddingSize: embeddingOutput(shaped).size }),
    optimizer,
    arrays: writeArrayFile(join(folder, 'start.bin'), state),
    dataset,
    pairs,
    logEverySteps,
    batches: batches.map((each, at) => ({
      ...each,
      rate: learningRateAt(optimizer.learningRate, schedule, at + 1),
    })),
    batch,
  };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(content));
}

interface Batches {
  readonly identities: number;
  readonly size: { readonly height: number; readonly width: number };
  readonly batches: readonly { readonly positions: readonly number[]; readonly mirrored: readonly number[] }[];
}

/** Which images are mirrored is seen by comparison with the same batches without mirroring. */
async function batchesOf(
  { dataset, batch, seed, schedule, loss }: PlannedTraining,
  pixelFile: string | undefined,
): Promise<Batches> {
  const common = { folders: [dataset], batch, seed, sampling: lossOf(loss).sampling };
  const given = await openDataLoader({ ...common, mirror: true });
  const plain = await openDataLoader({ ...common, mirror: false });
  const { identities, height, width, imageCount } = given;
  const bytes = height * width * 3;
  const pixels = new Uint8Array(pixelFile === undefined ? 0 : imageCount * bytes);
  const batches = [];
  for (let step = 0; step < schedule.maxSteps; step += 1) {
    const [ours, unmirrored] = [await given.next(), await plain.next()];
    const positions = [...ours.positions];
    const imageOf = (images: Uint8Array, at: number): Uint8Array => images.subarray(at * bytes, (at + 1) * bytes);
    const mirrored = positions.map((position, at) => {
      const image = imageOf(unmirrored.images, at);
      if (pixelFile !== undefined) pixels.set(image, position * bytes);
      return Buffer.compare(imageOf(ours.images, at), image) === 0 ? 0 : 1;
    });
    batches.push({ positions, mirrored });
  }
  await Promise.all([given.close(), plain.close()]);
  if (pixelFile !== undefined) writeFileSync(pixelFile, pixels);
  return { identities, size: { height, width }, batches };
}
