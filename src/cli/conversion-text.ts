import { differenceText, type OutputDifference } from '../kit/net/conversion/compare-outputs.ts';
import type { ConvertedModel, OnnxruntimeComparison } from '../kit/net/conversion/convert-model.ts';

/** What `flow convert` prints below its first line. `engine`: what has computed both networks. */
export function conversionText(converted: ConvertedModel, engine: string): string[] {
  const { layers, parameterCount, notes, outputs, onnxruntime } = converted;
  return [
    `${layers} layers, ${parameterCount.toLocaleString('en')} numbers in its parameters`,
    ...notes,
    ...outputs.map((output) => line(output, `read again, on ${engine}`)),
    ...(onnxruntime === undefined ? [] : onnxruntimeText(onnxruntime)),
    'compared on two random images with the network that was read',
  ];
}

function onnxruntimeText(comparison: OnnxruntimeComparison): string[] {
  if (!comparison.ran) {
    return [`not run in onnxruntime: ${comparison.reason}; npm install onnxruntime-node brings it`];
  }
  return comparison.outputs.map((output) => line(output, `as onnxruntime ${comparison.version} runs it`));
}

function line(output: OutputDifference, how: string): string {
  return `${output.layer} [${output.shape.join(', ')}] ${how}: ${differenceText(output)}`;
}
