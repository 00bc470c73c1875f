import { suggestion } from './map-reader.ts';
import { assign } from './merge.ts';
import type { MapNode, Node } from './node.ts';
import { nodeAt } from './node.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problems } from './problems.ts';
import { SourceText, type Span } from './source-text.ts';

/**
 * Applies one `--set path=value`. The path is that of the file (`params.data`, `stages.train.with.batch`, `seed`) or
 * starts with a stage, for what stands in its `with` (`train.batch`). The value is YAML; where the old value is a text,
 * it stays a text.
 */
export function applyOverride(root: MapNode, override: string, problems: Problems): MapNode {
  const source = new SourceText('--set', override);
  const separator = override.indexOf('=');
  const written = separator === -1 ? override : override.slice(0, separator);
  const at: Span = { source, start: 0, end: Math.max(1, written.length) };
  if (separator <= 0) {
    problems.add({ code: 'bad-override', message: `expected path=value, found "${override}"`, at });
    return root;
  }
  const path = fullPath(root, written.trim().split('.'));
  const problem = problemOf(root, path);
  if (problem !== undefined) {
    problems.add({ code: 'bad-override', message: problem, at });
    return root;
  }
  const value = valueOf(source, separator + 1, { root, path, problems });
  const changed = assign(root, path, { key: at, value });
  return changed.type === 'map' ? changed : root;
}

/** `train.batch` stands for `stages.train.with.batch`. */
function fullPath(root: MapNode, path: readonly string[]): readonly string[] {
  const [first = '', ...rest] = path;
  const isStage = !topLevel.includes(first) && namesIn(root, 'stages').includes(first);
  return isStage ? ['stages', first, 'with', ...rest] : path;
}

const topLevel = ['name', 'summary', 'seed', 'params', 'stages'];

function problemOf(root: MapNode, path: readonly string[]): string | undefined {
  const [first = '', second] = path;
  const stages = namesIn(root, 'stages');
  if (!topLevel.includes(first)) {
    return `"${first}" is neither a part of the experiment nor a stage${suggestion(first, [...topLevel, ...stages])}`;
  }
  if (first !== 'params' && first !== 'stages') return undefined;
  const known = first === 'params' ? namesIn(root, 'params') : stages;
  const what = first === 'params' ? 'parameter' : 'stage';
  if (second === undefined) return `expected the name of a ${what} after "${first}."`;
  return known.includes(second) ? undefined : `the experiment has no ${what} "${second}"${suggestion(second, known)}`;
}

function namesIn(root: MapNode, key: string): string[] {
  const map = root.entries.get(key)?.value;
  return map?.type === 'map' ? [...map.entries.keys()] : [];
}

function valueOf(
  source: SourceText,
  start: number,
  { root, path, problems }: { root: MapNode; path: readonly string[]; problems: Problems },
): Node {
  const text = source.text.slice(start);
  const at: Span = { source, start, end: source.text.length };
  const old = nodeAt(root, path.map((segment) => `/${segment}`).join(''));
  const asText: Node = { type: 'scalar', value: text, at };
  if (old.exact && old.node.type === 'scalar' && typeof old.node.value === 'string' && !old.node.value.includes('${')) {
    return asText;
  }
  return parseYaml(source, problems, start) ?? { type: 'scalar', value: null, at };
}
