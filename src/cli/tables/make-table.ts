import { dirname, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import type { RunEnd } from '../../pipeline/execute/run-experiment.ts';
import type { TaskSpec } from '../../pipeline/experiment/experiment.ts';
import { cellValues } from '../../pipeline/table/cell-value.ts';
import type { RowDefinition, WrittenTable } from '../../pipeline/table/definition.ts';
import { expandTable } from '../../pipeline/table/expand-rows.ts';
import { failures } from '../../pipeline/table/failures.ts';
import { fillTable } from '../../pipeline/table/fill-table.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import type { RowSource } from '../../pipeline/table/source-task.ts';
import type { ExperimentOptions, RunSettings } from '../flow-command.ts';
import type { RunContext } from '../start-run.ts';
import { ExperimentSource } from './experiment-source.ts';
import { pairedAccuracies } from './paired-accuracies.ts';
import { recordedSource } from './recorded-source.ts';

export interface TableRequest {
  readonly table: WrittenTable;
  /** `file` is that of the table, or of the experiment that it is in. */
  readonly options: ExperimentOptions;
  /** Whether the table is part of an experiment: then it is about that one. */
  readonly isInside: boolean;
  readonly isSmoke: boolean;
  /** How to run what is missing; undefined: not at all. */
  readonly settings: RunSettings | undefined;
}

export interface MadeTable {
  readonly filled: FilledTable;
  readonly sources: readonly ExperimentSource[];
  /** How the runs ended that were needed. */
  readonly ends: readonly RunEnd[];
  /** The task of a result, as its experiment has it now. */
  readonly taskOf: (name: string) => TaskSpec | undefined;
}

/** Runs what a table lacks, through the cache, and fills it in. Undefined if that was interrupted. */
export async function makeTable(request: TableRequest, tools: RunContext): Promise<MadeTable | RunEnd> {
  const { table, isSmoke, settings } = request;
  const rows = openSources(request, tools);
  const sources = [...new Set(rows.flatMap(({ source }) => source ?? []))];
  const rowSources = (): RowSource[] => rows.map(({ source, recorded }) => recorded ?? rowSourceOf(source));
  const needed = neededTasks(table, rowSources());
  const ends: RunEnd[] = [];
  for (const source of sources) {
    const ids = source.experiment.tasks.map(({ id }) => id).filter((id) => needed.has(source.nameOf(id)));
    const end = await source.settle(ids, settings && { ...settings, keepGoing: !settings.failFast });
    if (end === undefined) continue;
    if (end.outcome === 'interrupted') return end;
    ends.push(end);
  }
  const comparePairs = pairedAccuracies(tools.workspace.cache);
  const filled = fillTable(table, expandTable(table, rowSources()), { isSmoke, comparePairs });
  const taskOf = (name: string): TaskSpec | undefined => {
    const source = sources.find((each) => each.experiment.tasks.some(({ id }) => each.nameOf(id) === name));
    return source?.experiment.tasks.find(({ id }) => source.nameOf(id) === name);
  };
  return { filled, sources, ends, taskOf };
}

interface OpenRow {
  readonly source?: ExperimentSource;
  readonly recorded?: RowSource;
}

function rowSourceOf(source: ExperimentSource | undefined): RowSource {
  if (source === undefined) throw new Error('a row draws on an experiment or on a run');
  return source.rowSource();
}

/** One source for all rows with the same experiment and the same values. */
function openSources({ table, options, isInside }: TableRequest, tools: RunContext): readonly OpenRow[] {
  const { definition, locate } = table;
  const folder = dirname(resolve(tools.context.workingFolder, options.file));
  const known = new Map<string, ExperimentSource>();
  return definition.rows.map((row, index): OpenRow => {
    if (row.run !== undefined) return { recorded: recordedSource(tools.workspace, row.run) };
    const named = row.experiment ?? definition.experiment;
    if (isInside && named !== undefined) {
      const pointer = row.experiment === undefined ? '/experiment' : `/rows/${index}/experiment`;
      fail(failures.tableExperimentInside({}, locate(pointer)));
    }
    if (!isInside && named === undefined) fail(failures.tableWithoutExperiment({}, locate(`/rows/${index}`)));
    const file = named === undefined ? options.file : resolve(folder, named);
    const set = setOf(row);
    const name = JSON.stringify([file, set]);
    const source = known.get(name) ?? new ExperimentSource({ ...options, file }, set, tools);
    known.set(name, source);
    return { source };
  });
}

function setOf({ set, model }: RowDefinition): readonly string[] {
  return model === undefined ? set : [...set, `params.model=${model}`];
}

/** Names of the tasks whose figures a table shows. */
function neededTasks(table: WrittenTable, sources: readonly RowSource[]): ReadonlySet<string> {
  const { rows, columns } = expandTable(table, sources);
  const tasks = rows.flatMap((row) => columns.flatMap((column) => cellValues(table, row, column).tasks));
  return new Set(tasks.map(({ name }) => name));
}
