import { didYouMean } from '../../../../core/did-you-mean.ts';
import { layers } from './index.ts';
import type { AttributeRule, AttributeRules } from './layer-definition.ts';

/** A layer as a file may hold it: nothing about its content is certain yet. */
export interface UncheckedLayer {
  readonly name: string;
  readonly kind: string;
  readonly attributes: object;
}

/** One sentence per mistake in the kind and the attributes of a layer. */
export function checkAttributes(layer: UncheckedLayer): string[] {
  const rules = rulesOf(layer.kind);
  if (rules === undefined) {
    const near = didYouMean(layer.kind, Object.keys(layers));
    const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
    return [`layer "${layer.name}" is of the unknown kind "${layer.kind}"${hint}`];
  }
  const values = new Map<string, unknown>(Object.entries(layer.attributes));
  const unknown = [...values.keys()]
    .filter((name) => !(name in rules))
    .map((name) => `layer "${layer.name}" (${layer.kind}) has no attribute "${name}"`);
  const wrong = Object.entries(rules)
    .filter(([name, rule]) => !obeys(values.get(name), rule))
    .map(([name, rule]) => {
      const found = values.has(name) ? JSON.stringify(values.get(name)) : 'nothing';
      return `layer "${layer.name}" (${layer.kind}): ${name} must be ${describe(rule)}, found ${found}`;
    });
  return [...unknown, ...wrong];
}

function rulesOf(kind: string): AttributeRules | undefined {
  return Object.entries(layers).find(([name]) => name === kind)?.[1].attributes;
}

function obeys(value: unknown, rule: AttributeRule): boolean {
  switch (rule.type) {
    case 'integer':
      return isCount(value, rule.minimum);
    case 'number':
      return isNumberWithin(value, rule.minimum, rule.below);
    case 'boolean':
      return typeof value === 'boolean';
    case 'pair':
      return Array.isArray(value) && value.length === 2 && value.every((side) => isCount(side, rule.minimum));
    case 'choice':
      return typeof value === 'string' && rule.of.includes(value);
  }
}

function isCount(value: unknown, minimum: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum;
}

function isNumberWithin(value: unknown, minimum = -Infinity, below = Infinity): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= minimum && value < below;
}

function describe(rule: AttributeRule): string {
  switch (rule.type) {
    case 'integer':
      return `a whole number of at least ${rule.minimum}`;
    case 'number': {
      const from = rule.minimum === undefined ? '' : ` of at least ${rule.minimum}`;
      return `a number${from}${rule.below === undefined ? '' : ` below ${rule.below}`}`;
    }
    case 'boolean':
      return 'true or false';
    case 'pair':
      return `two whole numbers (height, width) of at least ${rule.minimum}`;
    case 'choice':
      return `one of ${rule.of.join(', ')}`;
  }
}
