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
  formula: '-log softmax(s e W^T) at the label',
  source: 'nowhere yet',
  options: {
    scale: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Factor of the products.' },
  },
  arrays: ({ classes, embeddingSize }) => [
    { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier', role: 'trained' },
  ],
  compute({ backend, embeddings, labels, arrays }, { scale }) {
    const { tf } = backend;
    const weight = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
    const logits: Tensor2D = tf.mul(tf.matMul(embeddings, weight, false, true), scale);
    const { losses, gradient } = crossEntropy(backend, logits, labels);
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
        path: 'test/kit/net/losses/loss-cases.ts',
        literal: 'cases',
        entry: `
  ...[1, 2].map((scale): Case => {
    const scaled = (rows: Matrix): Matrix => rows.map((row) => row.map((value) => value * scale));
    const reference: Reference = (sample, base) => {
      const arrays = { ...sample.arrays, fc7_weight: scaled(sample.arrays['fc7_weight'] ?? []) };
      return softmaxReference({ ...sample, arrays }, base);
    };
    return caseOf({ name: '${kebab}', scale }, { reference });
  })`,
        place: 'last',
      },
    ],
    left: [
      `the formula, in ${camel} and as a reference in float64 among the cases of test/kit/net/losses/loss-cases.ts; losses.test.ts beside it compares value and gradients, and demands two values of every option`,
      'npm run generate -- --same-version: the schema of experiments (test/generated.test.ts tells)',
      'the same formula in PyTorch in test/peers/losses.py: npm run test:peers compares with its automatic derivative',
      'where the formula comes from, in `source`; docs/losses.md shows it',
    ],
  };
}
