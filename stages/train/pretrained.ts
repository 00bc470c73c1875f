import { fail } from '../../src/core/failure.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/infer-shapes.ts';
import { readModel } from '../../src/kit/net/model/model-folder.ts';
import type { NamedArray } from '../../src/kit/net/model/named-array.ts';

/** Parameters of a model that a network has too, by name; others of the network are drawn, others of the model ignored. */
export function pretrainedParameters(folder: string, { parameters }: ShapedGraph): ReadonlyMap<string, NamedArray> {
  const model = readModel(folder).parameters;
  const start = new Map<string, NamedArray>();
  for (const { name, shape } of parameters) {
    const array = model.get(name);
    if (array === undefined) continue;
    if (array.shape.join() !== shape.join()) {
      fail({
        code: 'pretrained-mismatch',
        message: `Parameter "${name}" has shape [${array.shape.join(', ')}] in the pretrained model and [${shape.join(', ')}] in the network.`,
        at: { file: folder },
        hint: 'Start from a model of the same network and embedding size.',
      });
    }
    start.set(name, array);
  }
  if (start.size === 0) {
    fail({
      code: 'pretrained-mismatch',
      message: `None of the parameters of the network, as "${parameters[0]?.name ?? ''}", is in the pretrained model, which has "${[...model.keys()][0] ?? ''}" and the like.`,
      at: { file: folder },
      hint: 'Start from a model of the same network.',
    });
  }
  return start;
}
