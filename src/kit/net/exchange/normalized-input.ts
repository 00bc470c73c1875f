import { type Graph, inputName, type LayerNode } from '../graph/graph.ts';
import type { InputNormalization } from './model-format.ts';

/** The graph behind layers that turn RGB, 0..255, into what it was made for. */
export function normalizedInput(graph: Graph, { mean, scale, colorOrder }: InputNormalization): Graph {
  const front: LayerNode[] = [];
  let value = inputName;
  const add = (layer: LayerNode): void => {
    front.push(layer);
    value = layer.name;
  };
  if (colorOrder === 'bgr') {
    const planes = Array.from({ length: graph.input.channels }, (_, channel) => `input_channel${channel}`);
    for (const [channel, name] of planes.entries()) {
      front.push({ name, kind: 'slice', inputs: [inputName], attributes: { begin: channel, end: channel + 1 } });
    }
    add({ name: 'input_bgr', kind: 'concat', inputs: planes.reverse(), attributes: {} });
  }
  if (mean !== 0) add({ name: 'input_centred', kind: 'minus-scalar', inputs: [value], attributes: { scalar: mean } });
  if (scale !== 1)
    add({ name: 'input_scaled', kind: 'multiply-scalar', inputs: [value], attributes: { scalar: scale } });
  const layers = graph.layers.map((layer) => ({
    ...layer,
    inputs: layer.inputs.map((input) => (input === inputName ? value : input)),
  }));
  return { ...graph, layers: [...front, ...layers] };
}
