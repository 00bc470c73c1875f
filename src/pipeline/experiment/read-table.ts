import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Json } from '../../core/digest.ts';
import type { TableSpec } from './experiment.ts';
import { failures } from './failures.ts';
import { describe, nodeAt, type MapNode, type Node } from './node.ts';
import { validateParams, validatorOf } from './params-validator.ts';
import { locate, type Problems, type Span } from './problems.ts';
import type { StageFolders } from './stage-kinds.ts';

export interface TableContext {
  readonly stageFolders: StageFolders;
  readonly problems: Problems;
}

/** The `tables` of an experiment, by name. */
export function readTables(tables: Node, context: TableContext): Readonly<Record<string, TableSpec>> {
  if (tables.type !== 'map') {
    const facts = { what: '"tables" of the experiment', expected: 'a mapping', found: describe(tables) };
    if (tables.type !== 'broken') context.problems.add(failures.wrongType(facts, locate(tables.at)));
    return {};
  }
  return Object.fromEntries(
    [...tables.entries].flatMap(([name, { key, value }]) => {
      const owner = `table "${name}"`;
      if (value.type === 'map') return [[name, readTable(value, { owner, at: key }, context)]];
      const facts = { what: owner, expected: 'a mapping with "rows" and "columns"', found: describe(value) };
      context.problems.add(failures.wrongType(facts, locate(value.at)));
      return [];
    }),
  );
}

/** One table, checked and filled in; its references are resolved. */
export function readTable(
  map: MapNode,
  { owner, at }: { readonly owner: string; readonly at: Span },
  { stageFolders, problems }: TableContext,
): TableSpec {
  const schema = readTableSchema(stageFolders);
  const definition = validateParams(map, validatorOf(schema, stageFolders.validators), {
    subject: { owner, at, alternatives: [], schema },
    problems,
  });
  return {
    definition,
    locate: (pointer) => {
      const { node, key } = nodeAt(map, pointer);
      return locate(pointer === '' ? at : node.type === 'scalar' ? node.at : (key ?? node.at));
    },
  };
}

/** The schema of a table, which is beside that of a stage. */
export function readTableSchema({ manifestSchema }: StageFolders): Readonly<Record<string, Json>> {
  const file = join(dirname(manifestSchema), 'table.schema.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Json>>;
}
