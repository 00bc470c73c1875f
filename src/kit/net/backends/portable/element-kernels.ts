import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../../core/random.ts';
import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import type { ClipAttributes } from '../../graph/layers/clip.ts';
import type { DropoutAttributes } from '../../graph/layers/dropout.ts';
import type { ScalarAttributes } from '../../graph/layers/scalar.ts';
import type { TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

export function identityKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'nothing',
    forward: ({ inputs }) => ({ output: tf.clone(required(inputs[0], 'input 0')) }),
    backward: ({ gradient }) => ({ inputs: [tf.clone(gradient)], parameters: {} }),
  };
}

export function addKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'nothing',
    forward: ({ inputs }) => ({ output: tf.add(required(inputs[0], 'input 0'), required(inputs[1], 'input 1')) }),
    backward: ({ gradient, needsGradient }) => ({
      inputs: needsGradient.map((isNeeded) => (isNeeded ? tf.clone(gradient) : undefined)),
      parameters: {},
    }),
  };
}

export function multiplyKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'inputs',
    forward({ inputs: [x, factor] }) {
      return {
        output: tf.mul(required(x, 'input 0'), spread(tf, required(factor, 'input 1'), required(x, 'input 0').shape)),
      };
    },
    backward({ gradient, inputs: [x, factor], needsGradient }) {
      const factors = required(factor, 'input 1');
      const input = needsGradient[0] === true ? tf.mul(gradient, spread(tf, factors, gradient.shape)) : undefined;
      const own =
        needsGradient[1] === true ? gathered(tf, tf.mul(gradient, required(x, 'input 0')), factors.shape) : undefined;
      return { inputs: [input, own], parameters: {} };
    },
  };
}

/** Factors per channel as images of one pixel, others as they are. */
function spread(tf: TensorLibrary, factors: Tensor, [batch = 0, ...shape]: readonly number[]): Tensor {
  return factors.rank === shape.length + 1 ? factors : tf.reshape(factors, [batch, 1, 1, factors.shape[1] ?? 0]);
}

/** The inverse for gradients: the sum over all positions that a factor was used at. */
function gathered(tf: TensorLibrary, products: Tensor, shape: readonly number[]): Tensor {
  const isPerChannel = products.rank === 4 && (shape.length === 2 || (shape[1] === 1 && shape[2] === 1));
  return isPerChannel ? tf.reshape(tf.sum(products, [1, 2]), [...shape]) : products;
}

export function minusScalarKernels(tf: TensorLibrary): LayerKernels<ScalarAttributes> {
  return {
    saves: 'nothing',
    forward: ({ attributes, inputs }) => ({ output: tf.sub(required(inputs[0], 'input 0'), attributes.scalar) }),
    backward: ({ gradient }) => ({ inputs: [tf.clone(gradient)], parameters: {} }),
  };
}

export function multiplyScalarKernels(tf: TensorLibrary): LayerKernels<ScalarAttributes> {
  return {
    saves: 'nothing',
    forward: ({ attributes, inputs }) => ({ output: tf.mul(required(inputs[0], 'input 0'), attributes.scalar) }),
    backward: ({ attributes, gradient }) => ({ inputs: [tf.mul(gradient, attributes.scalar)], parameters: {} }),
  };
}

export function preluKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'inputs',
    forward: ({ inputs, parameters }) => ({
      output: tf.prelu(required(inputs[0], 'input 0'), required(parameters['gamma'], 'parameter gamma')),
    }),
    backward({ inputs, gradient, parameters, needsGradient }) {
      const x = required(inputs[0], 'input 0');
      const negative = tf.lessEqual(x, 0);
      const below = tf.where(negative, gradient, 0);
      const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
      const gamma = tf.sum(tf.mul(below, x), axes);
      const input =
        needsGradient[0] === true
          ? tf.where(negative, tf.mul(gradient, required(parameters['gamma'], 'parameter gamma')), gradient)
          : undefined;
      return { inputs: [input], parameters: { gamma } };
    },
  };
}

export function dropoutKernels(tf: TensorLibrary): LayerKernels<DropoutAttributes> {
  return {
    saves: 'nothing',
    // Not by the backend, so that all backends leave out the same values.
    draw({ rate }, shape, seed) {
      const random = new Random(seed);
      const length = shape.reduce((product, size) => product * size, 1);
      const factors = Float32Array.from({ length }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
      return tf.tensor(factors, [...shape]);
    },
    forward({ inputs, training, drawn }) {
      const x = required(inputs[0], 'input 0');
      if (!training) return { output: tf.clone(x) };
      const factors = required(drawn, 'what dropout has drawn');
      return { output: tf.mul(x, factors), saved: [tf.clone(factors)] };
    },
    backward: ({ gradient, saved }) => ({
      inputs: [tf.mul(gradient, required(saved[0], 'saved tensor 0'))],
      parameters: {},
    }),
  };
}

/** The value of each function and its derivative, the latter from the value. */
export function activationKernels(tf: TensorLibrary): LayerKernels<ActivationAttributes> {
  const functions = {
    relu: { value: tf.relu, derivative: (y: Tensor) => tf.step(y) },
    sigmoid: { value: tf.sigmoid, derivative: (y: Tensor) => tf.mul(y, tf.sub(1, y)) },
    tanh: { value: tf.tanh, derivative: (y: Tensor) => tf.sub(1, tf.square(y)) },
    softrelu: { value: tf.softplus, derivative: (y: Tensor) => tf.sub(1, tf.exp(tf.neg(y))) },
    softsign: {
      value: (x: Tensor) => tf.div(x, tf.add(1, tf.abs(x))),
      derivative: (y: Tensor) => tf.square(tf.sub(1, tf.abs(y))),
    },
    elu: { value: tf.elu, derivative: (y: Tensor) => tf.add(1, tf.minimum(y, 0)) },
  } satisfies Record<ActivationAttributes['function'], object>;
  return {
    saves: 'output',
    forward: ({ attributes, inputs }) => ({
      output: functions[attributes.function].value(required(inputs[0], 'input 0')),
    }),
    backward: ({ attributes, gradient, output }) => ({
      inputs: [tf.mul(gradient, functions[attributes.function].derivative(required(output, 'the output')))],
      parameters: {},
    }),
  };
}

/** The gradient passes where the value was within the bounds. */
export function clipKernels(tf: TensorLibrary): LayerKernels<ClipAttributes> {
  return {
    saves: 'inputs',
    forward: ({ attributes: { minimum, maximum }, inputs }) => ({
      output: tf.minimum(tf.maximum(required(inputs[0], 'input 0'), minimum), maximum),
    }),
    backward({ attributes: { minimum, maximum }, inputs, gradient }) {
      const x = required(inputs[0], 'input 0');
      const isWithin = tf.logicalAnd(tf.greater(x, minimum), tf.less(x, maximum));
      return { inputs: [tf.where(isWithin, gradient, 0)], parameters: {} };
    },
  };
}

/** The derivative of erf is 2 exp(-x^2) / sqrt(pi). */
export function erfKernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'inputs',
    forward: ({ inputs }) => ({ output: errorFunction(tf, required(inputs[0], 'input 0')) }),
    backward({ inputs, gradient }) {
      const bell = tf.exp(tf.neg(tf.square(required(inputs[0], 'input 0'))));
      return { inputs: [tf.mul(gradient, tf.mul(bell, 2 / Math.sqrt(Math.PI)))], parameters: {} };
    },
  };
}

/**
 * Abramowitz and Stegun 7.1.26, within 1.5e-7, written out: the plain backend computes it so too, and the others' own kernels
 * differ by as much.
 */
function errorFunction(tf: TensorLibrary, x: Tensor): Tensor {
  const t = tf.div(1, tf.add(1, tf.mul(tf.abs(x), 0.3275911)));
  const polynomial = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce<Tensor>(
    (sum, coefficient) => tf.mul(tf.add(sum, coefficient), t),
    tf.zerosLike(t),
  );
  return tf.mul(tf.sign(x), tf.sub(1, tf.mul(polynomial, tf.exp(tf.neg(tf.square(x))))));
}
