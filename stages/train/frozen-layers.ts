import { fail } from '../../src/core/failure.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { reachableLayers } from '../../src/kit/net/graph/reachable.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/**
 * Names of the layers that are to stay as they are: those that a pattern of `freeze` matches, and the layer `freezeUpTo`
 * with all that it is computed from. Fails with `nothing-to-freeze` where a pattern or a name matches no layer.
 */
export function frozenLayers(
  { freeze = [], freezeUpTo }: Pick<Params, 'freeze' | 'freezeUpTo'>,
  { graph }: ShapedGraph,
): ReadonlySet<string> {
  const names = graph.layers.map(({ name }) => name);
  const matched = freeze.flatMap((pattern, index) => {
    const expression = expressionOf(pattern);
    const found = names.filter((name) => expression.test(name));
    if (found.length === 0) fail(failures.nothingToFreeze({ parameter: `freeze[${index}]`, pattern, layers: names }));
    return found;
  });
  if (freezeUpTo === undefined) return new Set(matched);
  if (!names.includes(freezeUpTo)) {
    fail(failures.nothingToFreeze({ parameter: 'freezeUpTo', pattern: freezeUpTo, layers: names }));
  }
  return new Set([...matched, ...reachableLayers(graph.layers, [freezeUpTo]).map(({ name }) => name)]);
}

/** `*` matches any characters, all else itself. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
