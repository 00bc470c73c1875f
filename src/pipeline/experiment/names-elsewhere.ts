import type { Json } from '../../core/digest.ts';

/** What other programs call a parameter, beside what stages call it here. Written as in the schemas: without `_`. */
const calledHere: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  baseLr: 'learningRate',
  wd: 'weightDecay',
  mom: 'momentum',
  batchSize: 'batch',
  bs: 'batch',
  perBatchSize: 'batch',
  epochs: 'maxSteps',
  numEpochs: 'maxSteps',
  numEpoch: 'maxSteps',
  iterations: 'maxSteps',
  maxIter: 'maxSteps',
  optim: 'optimizer',
  backbone: 'network',
  embSize: 'embeddingSize',
};

/**
 * Where a parameter is that was looked for in a wrong place or by another program's name: `optimizer.learningRate` for
 * `lr`. Empty if the schema has nothing of the kind.
 */
export function namesElsewhere(schema: Json, name: string): readonly string[] {
  const written = name.replace(/[_-]+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const sought = new Set([name, written, calledHere[written] ?? written]);
  const found = new Set<string>();
  walk(schema, [], (path) => {
    if (sought.has(path.at(-1) ?? '')) found.add(path.join('.'));
  });
  return [...found].slice(0, 4);
}

/** Calls back with the path of every property that a schema describes, in whatever branch. */
function walk(schema: Json, path: readonly string[], visit: (path: readonly string[]) => void): void {
  if (schema === null || typeof schema !== 'object') return;
  if (Array.isArray(schema)) {
    for (const branch of schema as readonly Json[]) walk(branch, path, visit);
    return;
  }
  for (const [keyword, value] of Object.entries(schema as Readonly<Record<string, Json>>)) {
    if (['oneOf', 'anyOf', 'allOf', 'then', 'else'].includes(keyword)) walk(value, path, visit);
    if (keyword !== 'properties' || value === null || typeof value !== 'object') continue;
    for (const [property, content] of Object.entries(value as Readonly<Record<string, Json>>)) {
      visit([...path, property]);
      walk(content, [...path, property], visit);
    }
  }
}
