import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { npzFormat } from '../../src/kit/net/exchange/npz-format.ts';
import { randomParameters, smallNetworks } from '../kit/net/backends/small-networks.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/** Prints what is in an archive, and stores it anew, deflated. */
const script = `
import json, sys, numpy as np
file = np.load(sys.argv[1])
graph = json.loads(file['graph.json'].item())
arrays = {name: file[name] for name in file.files}
np.savez_compressed(sys.argv[2], **arrays)
print(json.dumps({'outputs': graph['outputs'], 'arrays': {name: [str(a.dtype), list(a.shape), a.ravel().tolist()]
    for name, a in arrays.items() if name != 'graph.json'}}))
`;

describe.skipIf(missing !== undefined)(`a model as NumPy archive${note}`, () => {
  it('is what numpy.load gives, and what numpy stores of it reads back', () => {
    const graph = smallNetworks['convolution 3x2, stride 2 by 1, padded on one axis, with bias'];
    if (graph === undefined) throw new Error('the small network has gone');
    const parameters = randomParameters(graph, 1);
    const [ours, theirs] = [join(folder, 'ours.npz'), join(folder, 'theirs.npz')];
    npzFormat.write(ours, { shaped: inferShapes(graph), parameters, origin: {} });
    const printed: unknown = JSON.parse(runPython(python, script, [ours, theirs]));
    const wanted = [...parameters].map(([name, { shape, values }]) => [name, ['float32', shape, [...values]]] as const);
    expect(printed).toEqual({ outputs: graph.outputs, arrays: Object.fromEntries<unknown>(wanted) });
    const again = npzFormat.read(theirs);
    expect(again.shaped.graph).toEqual(graph);
    expect(again.parameters).toEqual(parameters);
  });
});
