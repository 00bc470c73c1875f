import { humanDuration } from '../../core/human.ts';
import { comparableDuration, lastDurationOf } from '../../pipeline/record/past-runs.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import type { Workspace } from '../workspace.ts';
import type { ExperimentSource } from './experiment-source.ts';

/** Why a cell is empty, and what it would cost. */
export interface MissingCell {
  readonly row: string;
  readonly column: string;
  readonly missing: string;
  /** Computing time of all tasks that it lacks; null if nothing comparable is recorded of one of them. */
  readonly costMs: number | null;
  /** Tasks that it lacks. */
  readonly tasks: number;
}

/** What cells that have no value lack; times are of the same tasks before, or of comparable ones: of the same stage, or kind. */
export function missingCells(
  { rows, columns }: FilledTable,
  sources: readonly ExperimentSource[],
  workspace: Workspace,
): readonly MissingCell[] {
  return rows.flatMap(({ label, cells }) =>
    cells.flatMap((cell, index) => {
      if (cell.missing === '') return [];
      const durations = sources.flatMap((source) => {
        const own = source.experiment.tasks.filter(({ id }) => cell.tasks.includes(source.nameOf(id)));
        const lacking = new Map(own.flatMap(({ id }) => source.unsettled(id)).map((task) => [task.id, task]));
        return [...lacking.values()].map((task) => {
          const { name: experiment } = source.experiment;
          const { id, stage, kind } = task;
          const comparable = { experiment, stage, kind: kind.manifest.name };
          return (
            lastDurationOf(workspace.database, experiment, id) ?? comparableDuration(workspace.database, comparable)
          );
        });
      });
      const known = durations.filter((each) => each !== undefined);
      const costMs = known.length < durations.length ? null : known.reduce((sum, each) => sum + each, 0);
      const column = columns[index]?.title ?? cell.column;
      return [{ row: label, column, missing: cell.missing, costMs, tasks: durations.length }];
    }),
  );
}

/** `ArcFace, LFW: not run: needs faces, which is not on this machine (2 tasks, about 3 h 05 min)`. */
export function missingText({ row, column, missing, costMs, tasks }: MissingCell): string {
  const count = `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
  const cost = costMs === null ? 'nothing comparable is recorded' : `about ${humanDuration(costMs)}`;
  return `  ${row}, ${column}: ${missing}${tasks === 0 ? '' : ` (${count}, ${cost})`}`;
}
