import type { Names, Part } from './part.ts';

/** Softmax over scaled products, without bias. */
export function newLoss({ kebab, camel, pascal, words, key }: Names): Part {
  return {
    files: {
      [`src/kit/net/losses/${kebab}.ts`]: `
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { required } from '../backends/tensors.ts';
import { countCorrect, crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';

export interface ${pascal}Options {
  readonly scale: number;
}

/** Softmax over a linear classifier without bias: logits scale e W^T. */
export const ${camel}: Loss<${pascal}Options> = {
  summary: 'Softmax over scaled products of embeddings and class weights (${words}).',
  options: {
    scale: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Factor of the products.' },
  },
  arrays: ({ classes, embeddingSize }) => [
    { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier', role: 'trained' },
  ],
  compute({ backend: { tf }, embeddings, labels, arrays }, { scale }) {
    const weight = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
    const logits: Tensor2D = tf.mul(tf.matMul(embeddings, weight, false, true), scale);
    const { losses, gradient } = crossEntropy(tf, logits, labels);
    const factor = scale / labels.size;
    return {
      value: tf.mean(losses),
      embeddingGradient: tf.mul(tf.matMul(gradient, weight), factor),
      gradients: { fc7_weight: { values: tf.matMul(gradient, tf.mul(embeddings, factor), true, false) } },
      correct: countCorrect(tf, logits, labels),
    };
  },
};
`,
    },
    registrations: [
      {
        path: 'src/kit/net/losses/index.ts',
        literal: 'losses',
        entry: key === camel ? camel : `${key}: ${camel}`,
        place: 'last',
        from: `import { ${camel} } from './${kebab}.ts';`,
      },
      {
        path: 'test/kit/net/losses/losses.test.ts',
        literal: 'classifications',
        entry: `
  ...[1, 2].map((scale): Case => {
    const choice = { name: '${kebab}', scale } as const;
    const reference: Reference = ({ weight, ...sample }) =>
      softmaxReference({ ...sample, weight: weight.map((row) => row.map((value) => value * scale)), bias: [0, 0, 0, 0, 0] });
    return { title: JSON.stringify(choice), choice, loss: lossOf(choice), reference };
  })`,
        place: 'last',
      },
    ],
    left: [
      `the formula, in ${camel} and as a reference in float64 among the classifications of test/kit/net/losses/losses.test.ts, which compares value and gradients, and demands two values of every option`,
      'npm run generate -- --same-version: the schema of experiments (test/generated.test.ts tells)',
      'where the formula comes from, in the comment of the file',
    ],
  };
}
