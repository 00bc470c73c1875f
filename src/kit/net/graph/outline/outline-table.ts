import { shownValue } from '../../../inspect/inspection.ts';
import type { ShapedGraph } from '../shaped-graph.ts';
import { layersOf, outlineOf, type OutlineEntry } from './outline.ts';

/** Characters of what a unit is made of. */
const maxWords = 72;

/** A network as rows of a table: folded to its units, or every layer. */
export function outlineTable(shaped: ShapedGraph, everyLayer: boolean): string[][] {
  const heads = ['  layers', 'times', 'made of', 'gives', 'parameters', 'multiply-adds'];
  return [heads, ...outlineEntries(shaped, everyLayer).map(row)];
}

/** A network folded to its units, or every layer. */
export function outlineEntries(shaped: ShapedGraph, everyLayer: boolean): readonly OutlineEntry[] {
  return everyLayer ? layersOf(shaped) : outlineOf(shaped);
}

function row({ title, repeats, words, shape, parameters, multiplyAdds }: OutlineEntry): string[] {
  const made = words.join(' · ');
  return [
    `  ${title}`,
    repeats === 1 ? '' : String(repeats),
    made.length > maxWords ? `${made.slice(0, maxWords - 3)}...` : made,
    shape.join(' x '),
    parameters === 0 ? '' : shownValue(parameters),
    multiplyAdds === 0 ? '' : shownValue(multiplyAdds),
  ];
}
