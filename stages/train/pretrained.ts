import { fail } from '../../src/core/failure.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import { readModel } from '../../src/kit/net/model/model-folder.ts';
import { failures } from './failures.ts';

/** Parameters of a model that a network has too, by name; others of the network are drawn, others of the model ignored. */
export function pretrainedParameters(folder: string, { parameters }: ShapedGraph): ReadonlyMap<string, NamedArray> {
  const model = readModel(folder).parameters;
  const start = new Map<string, NamedArray>();
  for (const { name, shape } of parameters) {
    const array = model.get(name);
    if (array === undefined) continue;
    if (array.shape.join() !== shape.join()) {
      fail(failures.pretrainedShape({ name, shape: array.shape, expected: shape }, { file: folder }));
    }
    start.set(name, array);
  }
  if (start.size === 0) {
    const [wanted = '', found = ''] = [parameters[0]?.name, [...model.keys()][0]];
    fail(failures.pretrainedNames({ wanted, found }, { file: folder }));
  }
  return start;
}
