import type { Tensor } from '@tensorflow/tfjs-core';
import type { Holes } from '../../dataset/augmentations/cut-out.ts';
import type { TensorLibrary } from '../backends/backend.ts';
import type { ArrayTensors, Gradient, LossResult } from '../losses/loss.ts';

/** One of the batches of a step. */
export interface StepPart {
  readonly index: number;
  readonly count: number;
}

export const onePart: StepPart = { index: 0, count: 1 };

export interface StepInput {
  /** Counted from 1. */
  readonly step: number;
  /** NHWC, 0..255, RGB. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** What is cut out of the images. */
  readonly holes?: Holes | undefined;
  readonly learningRate: number;
  /** Where a step is made of several batches, whose gradients are averaged: which of them this is, from 0. */
  readonly part?: StepPart;
  /** Also measure norms; the result is the same without. */
  readonly measure?: boolean;
  /** For the failure of a training that diverges: ids of the images, and the step of the last checkpoint, 0 without one. */
  readonly origin?: { readonly ids: readonly (number | string)[]; readonly checkpoint: number };
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Share of the batch that the loss recognized as its label, margin included; absent for losses that do not guess. */
  readonly accuracy?: number;
  /** What else the loss reports, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of a step that measures; the gradient's is there after the last part of a step. */
  readonly norms?: { readonly embedding: number; readonly gradient?: number };
}

/** Random numbers of a step; those of its first part are the ones of a step of a single part. */
export function drawOf(step: number, { index }: { readonly index: number }): string {
  return index === 0 ? String(step) : `${step}, part ${index}`;
}

/** What a step reports of its loss. */
export async function figuresOf({ value, correct, figures = {} }: LossResult, batch: number): Promise<StepResult> {
  const read = async (tensor: Tensor): Promise<number> => (await tensor.data())[0] ?? NaN;
  // All at once: on a GPU each reading waits for what was issued before it.
  const [loss, recognized, others] = await Promise.all([
    read(value),
    correct === undefined ? undefined : read(correct),
    Promise.all(Object.entries(figures).map(async ([name, figure]) => [name, await read(figure)] as const)),
  ]);
  return {
    loss,
    ...(recognized === undefined ? {} : { accuracy: recognized / batch }),
    figures: Object.fromEntries(others),
  };
}

/** Mean of the Euclidean norms of the rows. */
export async function meanNorm(tf: TensorLibrary, rows: Tensor): Promise<number> {
  const mean = tf.tidy(() => tf.mean(tf.norm(rows, 'euclidean', 1)));
  const [value = NaN] = await mean.data();
  mean.dispose();
  return value;
}

export function disposeResult({ value, embeddingGradient, gradients, state, correct, figures }: LossResult): void {
  const own = Object.values<Gradient>(gradients).flatMap((gradient) =>
    Object.values<Tensor | undefined>({ ...gradient }),
  );
  const others = [state, figures].flatMap((tensors: ArrayTensors = {}) => Object.values(tensors));
  for (const tensor of [value, embeddingGradient, correct, ...own, ...others]) tensor?.dispose();
}
