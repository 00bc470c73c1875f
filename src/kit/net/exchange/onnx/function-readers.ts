import type { OnnxNodeReader, OnnxValue } from './onnx-node.ts';
import { addElu, addExtreme, addSum } from '../composed-layers.ts';

/** The greatest number that a float32 can be: what has no bound there has this one here. */
const greatest = 3.4028234663852886e38;

/** Bounds are attributes before operator set 11, and inputs since. */
export function readClip(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const [minimum, maximum] = [
    node.optionalConstant(1)?.values[0] ?? node.float('min', -greatest),
    node.optionalConstant(2)?.values[0] ?? node.float('max', greatest),
  ].map((bound) => Math.min(greatest, Math.max(-greatest, bound)));
  if (minimum === undefined || maximum === undefined) return node.refuse('bounds');
  if (minimum === 0 && maximum === greatest) {
    return node.layer({ kind: 'activation', inputs: [input], attributes: { function: 'relu' } });
  }
  return node.layer({ kind: 'clip', inputs: [input], attributes: { minimum, maximum } });
}

/** max(0, min(1, alpha x + beta)); HardSwish multiplies x by that, with alpha 1/6 and beta 1/2. */
export function readHardSigmoid(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const isSwish = node.op === 'HardSwish';
  const [alpha, beta] = isSwish ? [1 / 6, 0.5] : [node.float('alpha', 0.2), node.float('beta', 0.5)];
  const scaled = node.step('scaled', { kind: 'multiply-scalar', inputs: [input], attributes: { scalar: alpha } });
  const line = node.step('line', { kind: 'minus-scalar', inputs: [scaled], attributes: { scalar: -beta } });
  const bounds = { minimum: 0, maximum: 1 };
  if (!isSwish) return node.layer({ kind: 'clip', inputs: [line], attributes: bounds });
  const share = node.step('share', { kind: 'clip', inputs: [line], attributes: bounds });
  return node.layer({ kind: 'multiply', inputs: [input, share], attributes: {} });
}

/** alpha (exp(x) - 1) below 0; with another alpha than 1 in two parts, above and below. */
export function readElu(node: OnnxNodeReader): OnnxValue {
  return { is: 'layer', layer: addElu(node.adding, node.layerInput(0), node.float('alpha', 1)) };
}

/** Sum, Max and Min of any number of layers. */
export function readOfMany(node: OnnxNodeReader): OnnxValue {
  const inputs = Array.from({ length: node.inputCount }, (_, index) => node.layerInput(index));
  const [first = ''] = inputs;
  const shape = node.shapeOf(first).join();
  if (inputs.some((input) => node.shapeOf(input).join() !== shape)) node.refuse('inputs of one shape');
  const layer =
    node.op === 'Sum'
      ? addSum(node.adding, inputs)
      : addExtreme(node.adding, node.op === 'Max' ? 'max' : 'min', inputs);
  return { is: 'layer', layer };
}

/** x (1 + erf(x / sqrt 2)) / 2, or with tanh(sqrt(2 / pi) (x + 0.044715 x^3)) in place of erf. */
export function readGelu(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const form = node.text('approximate', 'none');
  if (form !== 'none' && form !== 'tanh') node.refuse('approximate none or tanh');
  const curve = form === 'none' ? errorCurve(node, input) : hyperbolicCurve(node, input);
  const shifted = node.step('shifted', { kind: 'minus-scalar', inputs: [curve], attributes: { scalar: -1 } });
  const product = node.step('product', { kind: 'multiply', inputs: [input, shifted], attributes: {} });
  return node.layer({ kind: 'multiply-scalar', inputs: [product], attributes: { scalar: 0.5 } });
}

function errorCurve(node: OnnxNodeReader, input: string): string {
  const scaled = node.step('scaled', {
    kind: 'multiply-scalar',
    inputs: [input],
    attributes: { scalar: Math.SQRT1_2 },
  });
  return node.step('erf', { kind: 'erf', inputs: [scaled], attributes: {} });
}

function hyperbolicCurve(node: OnnxNodeReader, input: string): string {
  const square = node.step('square', { kind: 'multiply', inputs: [input, input], attributes: {} });
  const cube = node.step('cube', { kind: 'multiply', inputs: [square, input], attributes: {} });
  const small = node.step('small', { kind: 'multiply-scalar', inputs: [cube], attributes: { scalar: 0.044715 } });
  const sum = node.step('sum', { kind: 'add', inputs: [input, small], attributes: {} });
  const scalar = Math.sqrt(2 / Math.PI);
  const scaled = node.step('scaled', { kind: 'multiply-scalar', inputs: [sum], attributes: { scalar } });
  return node.step('tanh', { kind: 'activation', inputs: [scaled], attributes: { function: 'tanh' } });
}
