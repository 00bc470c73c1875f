import { canonicalJson } from '../../core/digest.ts';
import { suggestion } from './map-reader.ts';
import { describe, toJson, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';

/**
 * Whether an `if` lets a stage take part. It is true or false, or a comparison, `{ value: ..., in: [...] }` or
 * `{ value: ..., notIn: [...] }`: nothing is evaluated as code, so there are no operators.
 */
export function holds(condition: Node | undefined, owner: string, problems: Problems): boolean {
  if (condition === undefined || condition.type === 'broken') return true;
  if (condition.type === 'scalar') {
    const text = String(condition.value);
    const truth = typeof condition.value === 'boolean' || condition.loose === true;
    if (truth && (text === 'true' || text === 'false')) return text === 'true';
  }
  if (condition.type === 'map') return comparisonHolds(condition, owner, problems);
  problems.add({
    code: 'bad-setting',
    message: `"if" of ${owner} must be true, false or a comparison, found ${describe(condition)}`,
    at: condition.at,
    hint: 'A comparison: if: { value: "${params.mode}", in: [full, half] }, or with notIn.',
  });
  return true;
}

function comparisonHolds(condition: MapNode, owner: string, problems: Problems): boolean {
  const value = condition.entries.get('value')?.value;
  const included = condition.entries.get('in')?.value;
  const excluded = condition.entries.get('notIn')?.value;
  const known = ['value', 'in', 'notIn'];
  const unknown = [...condition.entries].find(([name]) => !known.includes(name));
  if (unknown !== undefined || value === undefined || (included === undefined) === (excluded === undefined)) {
    problems.add({
      code: 'bad-setting',
      message: `"if" of ${owner} must have "value" and one of "in" and "notIn"${suggestion(unknown?.[0] ?? '', known)}`,
      at: unknown?.[1].key ?? condition.at,
    });
    return true;
  }
  const list = included ?? excluded;
  const items = list === undefined ? [] : list.type === 'list' ? list.items : [list];
  const found = items.some((item) => textOf(item) === textOf(value));
  return included === undefined ? !found : found;
}

/** A text from the environment equals the number that is written like it. */
function textOf(node: Node): string {
  return node.type === 'scalar' ? String(node.value) : canonicalJson(toJson(node));
}
