import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backend.ts';

/**
 * From this length of the sum on, tfjs's WebGPU backend 4.22 may compute a product by its MatMulSplitKProgram, which gets
 * a transposed second factor wrong: an embedding layer's, for one. Off by more than the values themselves on Dawn 0.6.2
 * with SwiftShader; the other three programs are right.
 */
const splitLength = 2000;

const corrected = new WeakSet<TensorLibrary>();

/** Transposes the second factor itself where the backend would get it wrong. */
export function correctMatrixProducts(tf: TensorLibrary): void {
  if (corrected.has(tf)) return;
  corrected.add(tf);
  for (const name of ['BatchMatMul', '_FusedMatMul'] as const) {
    const own = tf.getKernel(name, 'webgpu');
    const transpose = tf.getKernel('Transpose', 'webgpu');
    tf.unregisterKernel(own.kernelName, own.backendName);
    tf.registerKernel({
      ...own,
      kernelFunc(call) {
        const { b, ...others } = call.inputs;
        const length = b?.shape.at(-1) ?? 0;
        if (b === undefined || call.attrs?.['transposeB'] !== true || length < splitLength) return own.kernelFunc(call);
        const perm = [...b.shape.keys()];
        perm.push(...perm.splice(-2).reverse());
        const { backend } = call;
        const turned = transpose.kernelFunc({ backend, inputs: { x: b }, attrs: { perm } }) as TensorInfo;
        const attrs = { ...call.attrs, transposeB: false };
        const result = own.kernelFunc({ backend, inputs: { ...others, b: turned }, attrs });
        (backend as { disposeData(data: object): boolean }).disposeData(turned.dataId);
        return result;
      },
    });
  }
}
