import { canonicalJson, type Json } from '../../core/digest.ts';
import { jsonLeaves } from '../../core/json-leaves.ts';
import type { PastTask } from '../record/past-runs.ts';
import { enginesText, type RunFacts } from '../record/run-facts.ts';

/** What a comparison needs to know of a run. */
export interface ComparedRun {
  readonly facts: RunFacts;
  readonly outcome: string;
  readonly tasks: readonly Pick<PastTask, 'task' | 'outcome' | 'durationMs'>[];
  /** Final figures, also those of tasks that came from the cache. */
  readonly figures: readonly { readonly task: string; readonly name: string; readonly value: number }[];
}

export type ComparisonSection = 'run' | 'parameter' | 'input' | 'figure' | 'time';

export interface ComparisonRow {
  readonly section: ComparisonSection;
  /** Empty for facts about the whole run. */
  readonly task: string;
  readonly name: string;
  /** One per run; null if a run lacks it. Times are milliseconds. */
  readonly values: readonly (Json | null)[];
}

export interface Comparison {
  readonly runs: readonly { readonly id: string; readonly experiment: string }[];
  readonly rows: readonly ComparisonRow[];
}

/** Lays runs side by side: every fact, parameter, input, figure and time that any of them has. */
export function compareRuns(runs: readonly ComparedRun[]): Comparison {
  const cells = runs.map((run) => new Map(cellsOf(run).map((cell) => [identityOf(cell), cell])));
  const all = new Map(cells.flatMap((each) => [...each]));
  const rows = [...all].map(([identity, { section, task, name }]): ComparisonRow => ({
    ...{ section, task, name },
    values: cells.map((each) => each.get(identity)?.value ?? null),
  }));
  return {
    runs: runs.map(({ facts }) => ({ id: facts.id, experiment: facts.experiment.name })),
    rows: rows.toSorted((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section)),
  };
}

/**
 * Only what differs. Times always do: those within a tenth of each other count as equal, and when a run started is left
 * out.
 */
export function onlyDifferences(comparison: Comparison): Comparison {
  return { ...comparison, rows: comparison.rows.filter(differs) };
}

/** Relative: a few hundred roundings of a double, and far below what any of our figures resolves. */
const rounding = 1e-13;

const sections: readonly ComparisonSection[] = ['run', 'parameter', 'input', 'figure', 'time'];

interface Cell {
  readonly section: ComparisonSection;
  readonly task: string;
  readonly name: string;
  readonly value: Json;
}

function identityOf({ section, task, name }: Cell): string {
  return JSON.stringify([section, task, name]);
}

function cellsOf(run: ComparedRun): readonly Cell[] {
  const { experiment } = run.facts;
  return [
    ...runCells(run).map(([name, value]): Cell => ({ section: 'run', task: '', name, value })),
    ...experiment.tasks.flatMap(({ id, kind, kindVersion, params, inputs, seed }): readonly Cell[] => [
      ...[...jsonLeaves({ uses: `${kind} ${kindVersion}`, ...params, seed })].map(([name, value]): Cell => ({
        section: 'parameter',
        task: id,
        name,
        value,
      })),
      ...Object.entries(inputs).map(([name, value]): Cell => ({ section: 'input', task: id, name, value })),
    ]),
    ...run.figures.map(({ task, name, value }): Cell => ({ section: 'figure', task, name, value })),
    ...run.tasks.flatMap(({ task, durationMs }): readonly Cell[] =>
      durationMs === null ? [] : [{ section: 'time', task, name: 'time', value: durationMs }],
    ),
  ];
}

function runCells({ facts, outcome }: ComparedRun): readonly (readonly [string, Json])[] {
  const { machine } = facts;
  return [
    ['started', facts.startedAt],
    ['outcome', outcome],
    ['profile', facts.call.profile],
    ['commit', facts.gitCommit],
    ['engine', enginesText(facts)],
    ['host', machine.host],
    ['processor', machine.cpu],
    ['processors', machine.cpus],
    ['node', machine.node],
    ['faceflow', machine.faceflow],
    ...Object.entries(machine.packages),
  ];
}

function differs({ section, name, values }: ComparisonRow): boolean {
  if (section === 'run' && name === 'started') return false;
  // The order of additions changes the last digits: no difference that a measurement could show.
  if (section === 'figure' && values.every((each) => typeof each === 'number')) {
    const largest = Math.max(...values.map(Math.abs));
    return Math.max(...values) - Math.min(...values) > rounding * largest;
  }
  if (section === 'time' && values.every((each) => typeof each === 'number')) {
    return Math.max(...values) > 1.1 * Math.min(...values);
  }
  return new Set(values.map(canonicalJson)).size > 1;
}
