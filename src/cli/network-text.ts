import { humanBytes } from '../core/human.ts';
import type { Inspection } from '../kit/inspect/inspection.ts';
import type { ShapedGraph } from '../kit/net/graph/shaped-graph.ts';
import { elementCount } from '../kit/net/graph/feature-shape.ts';
import type { Model } from '../kit/net/model/model.ts';
import { layersOf, outlineOf, type OutlineEntry } from '../kit/net/graph/outline/outline.ts';
import { shownValue } from '../kit/inspect/inspection.ts';

const widestWords = 72;

/** What a model is, as facts; its layers are a table of their own ({@link networkTable}). */
export function inspectModel(path: string, title: string, { shaped, origin, notes = [] }: Model): Inspection {
  const { graph, shapes, parameters, multiplyAdds } = shaped;
  const counted = (auxiliary: boolean): number =>
    parameters
      .filter(({ role }) => (role === 'auxiliary') === auxiliary)
      .reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const { channels, height, width } = graph.input;
  const origins = Object.entries(origin).map(([name, value]) => ({
    name: `origin: ${name}`,
    value: typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
  }));
  return {
    path,
    format: 'model',
    title,
    summary: 'A network with its parameters.',
    facts: [
      { name: 'takes', value: `${channels} x ${height} x ${width}` },
      ...graph.outputs.map((output) => ({
        name: 'gives',
        value: `${output}: ${(shapes.get(output) ?? []).join(' x ')}`,
      })),
      { name: 'layers', value: graph.layers.length },
      { name: 'parameters', value: counted(false) },
      { name: 'moving statistics', value: counted(true) },
      { name: 'size as float32', value: humanBytes(4 * (counted(false) + counted(true))) },
      { name: 'multiply-adds', value: `${shownValue(multiplyAdds)} for one image` },
      ...origins,
    ],
    notes,
    damage: [],
    samples: [],
  };
}

/** The network as rows of text: folded to its units, or every layer. */
export function networkTable(shaped: ShapedGraph, everyLayer: boolean): string[][] {
  const entries = everyLayer ? layersOf(shaped) : outlineOf(shaped);
  return [['  layers', 'times', 'made of', 'gives', 'parameters', 'multiply-adds'], ...entries.map(row)];
}

/** The layers of a network as JSON. */
export function networkJson(shaped: ShapedGraph, everyLayer: boolean): readonly OutlineEntry[] {
  return everyLayer ? layersOf(shaped) : outlineOf(shaped);
}

function row({ title, repeats, words, shape, parameters, multiplyAdds }: OutlineEntry): string[] {
  const made = words.join(' · ');
  return [
    `  ${title}`,
    repeats === 1 ? '' : String(repeats),
    made.length > widestWords ? `${made.slice(0, widestWords - 3)}...` : made,
    shape.join(' x '),
    parameters === 0 ? '' : shownValue(parameters),
    multiplyAdds === 0 ? '' : shownValue(multiplyAdds),
  ];
}
