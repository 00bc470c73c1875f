import { basename } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { isOfClassifier, readClassifier } from '../../src/kit/net/exchange/classifier.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import type { LossArray } from '../../src/kit/net/losses/loss.ts';
import { embeddingOutput } from '../../src/kit/net/model/embedding-output.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import type { Inputs, Params } from './contract.ts';
import { failures } from './failures.ts';

interface Wanted {
  readonly network: ShapedGraph;
  /** Identities of the training set. */
  readonly classes: number;
}

/**
 * The classifier that a training starts with, by the names of its arrays; empty where that is drawn. Fails with
 * `pretrained-mismatch` where the pretrained model has none, or one of other people, `no-classifier` where the loss has none,
 * and with the codes of the model's format.
 */
export function startingClassifier(
  { loss, startClassifier = false }: Params,
  { pretrained }: Pick<Inputs, 'pretrained'>,
  wanted: Wanted,
): ReadonlyMap<string, NamedArray> {
  const start = new Map<string, NamedArray>();
  if (!startClassifier) return start;
  const arrays = arraysOf(loss, wanted);
  if (arrays.length === 0) fail(failures.noClassifier({ parameter: 'startClassifier: true', loss: loss.name }));
  if (pretrained === undefined) fail(failures.nothingToStartWith({}));
  const { file, arrays: found } = readClassifier(pretrained);
  const model = basename(pretrained);
  if (!found.some(({ name }) => name === 'fc7_weight')) fail(failures.pretrainedClassifier({ model }, { file }));
  for (const { name, shape } of arrays) {
    const array = found.find((each) => each.name === name);
    if (array === undefined) continue;
    if (array.shape.join() !== shape.join()) {
      fail(failures.classifierShape({ name, shape: array.shape, expected: shape }, { file }));
    }
    start.set(name, array);
  }
  return start;
}

/** Fails with `no-classifier` where a classifier is to be kept that the loss does not have, or that is not that of the model. */
export function requireClassifierToKeep({ loss, keep, keepClassifier = false }: Params): void {
  if (!keepClassifier) return;
  if (arraysOf(loss, { classes: 2, embeddingSize: 2 }).length === 0) {
    fail(failures.noClassifier({ parameter: 'keepClassifier: true', loss: loss.name }));
  }
  if (keep === 'best') fail(failures.classifierOfLast({}));
}

function arraysOf(
  loss: Params['loss'],
  sizes: Wanted | { readonly classes: number; readonly embeddingSize: number },
): readonly LossArray[] {
  const embeddingSize = 'network' in sizes ? embeddingOutput(sizes.network).size : sizes.embeddingSize;
  return lossOf(loss)
    .arrays({ classes: sizes.classes, embeddingSize })
    .filter(({ name }) => isOfClassifier(name));
}
