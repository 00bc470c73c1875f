import { fail } from '../../core/failure.ts';
import { factorOf, type WrittenTable } from './definition.ts';
import { choicesText, type TableColumn, type TableRow } from './expand-rows.ts';
import { failures } from './failures.ts';
import type { Spread } from './filled-table.ts';
import { meanOf, sampleDeviation } from '../../core/statistics.ts';
import { hasChoices, type SourceTask, type TaskResult } from './source-task.ts';
import { isUnmeasuredRate } from './unmeasured-rate.ts';

/** The tasks of a cell with the value of each, in the unit of the column. */
export interface CellValues {
  readonly tasks: readonly SourceTask[];
  readonly values: readonly { readonly task: SourceTask; readonly value: number }[];
}

/** Fails if a cell has no task, or several over which no mean is taken. */
export function cellValues(table: WrittenTable, row: TableRow, column: TableColumn): CellValues {
  const tasks = tasksOfCell(table, row, column);
  const factor = factorOf(column.unit);
  const values = tasks.flatMap((task) => {
    const value = task.result === undefined ? undefined : selected(task.result, column);
    return value === undefined ? [] : [{ task, value: value * factor }];
  });
  return { tasks, values };
}

function tasksOfCell({ definition, locate }: WrittenTable, row: TableRow, column: TableColumn): readonly SourceTask[] {
  const { source } = row;
  const ofStage = source.tasks.filter(({ stage }) => stage === column.of);
  if (ofStage.length === 0) {
    const known = [...new Set(source.tasks.map(({ stage }) => stage))];
    const facts = { stage: column.of, owner: source.owner, known };
    return fail(failures.unknownTableStage(facts, locate(`${column.pointer}/of`)));
  }
  const where = { ...row.where, ...column.where };
  const meant = ofStage.filter((task) => hasChoices(task, where));
  if (meant.length === 0) {
    const known = ofStage.map(({ id }) => id);
    const facts = { stage: column.of, where: choicesText(where), known };
    return fail(failures.noTableTask(facts, locate(`${row.pointer}/where`)));
  }
  const names = differingNames(meant).filter((name) => !definition.over.includes(name));
  if (names.length > 0) {
    const facts = { row: row.label, column: column.title, names, tasks: meant.map(({ id }) => id) };
    return fail(failures.severalTableTasks(facts, locate(column.pointer)));
  }
  return meant;
}

function differingNames(tasks: readonly SourceTask[]): string[] {
  const names = new Set(tasks.flatMap(({ labels }) => [...labels.keys()]));
  return [...names].filter((name) => new Set(tasks.map(({ labels }) => labels.get(name))).size > 1);
}

/** The value that a column takes of a result: a final figure, or a point of a curve. */
function selected(
  { figures, curves = [] }: TaskResult,
  { figure, select, direction }: TableColumn,
): number | undefined {
  const points = curves.filter(({ name }) => name === figure);
  if (typeof select === 'object') return points.find(({ step }) => step === select.at)?.value;
  if (select === 'best' && points.length > 0) {
    const values = points.map(({ value }) => value).filter(Number.isFinite);
    if (values.length === 0) return undefined;
    return direction === 'lower' ? Math.min(...values) : Math.max(...values);
  }
  const isFinal = figures.some(({ name }) => name === figure);
  return isFinal ? finalFigure(figures, figure) : points.at(-1)?.value;
}

/** Undefined also of a figure that is no number: what has diverged (NaN) is null in an entry of the cache. */
function finalFigure(figures: TaskResult['figures'], name: string): number | undefined {
  return figures.find((each) => each.name === name && Number.isFinite(each.value))?.value;
}

/** What is behind the mean of some values: their deviation, or the interval of a single one. */
export function spreadOf({ values }: CellValues, { spread, figure, select, unit }: TableColumn): Spread | null {
  const [first, ...further] = values;
  if (first === undefined || spread === 'none') return null;
  if (further.length > 0) {
    if (spread === 'interval') return null;
    return { kind: 'deviation', value: sampleDeviation(values.map(({ value }) => value)) };
  }
  if (spread === 'deviation' || select !== 'last') return null;
  const figures = first.task.result?.figures ?? [];
  const [low, high] = [finalFigure(figures, `${figure}Low`), finalFigure(figures, `${figure}High`)];
  if (low === undefined || high === undefined) return null;
  return { kind: 'interval', low: low * factorOf(unit), high: high * factorOf(unit) };
}

/** Null of no values. */
export function meanValue({ values }: CellValues): number | null {
  return values.length === 0 ? null : meanOf(values.map(({ value }) => value));
}

/** Why a cell has no value, or lacks some; empty if it has all. */
export function missingText({ tasks, values }: CellValues, { figure, select }: TableColumn): string {
  const lacking = tasks.filter((task) => values.every((each) => each.task !== task));
  const reasons = lacking.map(({ result, missing, stage }) => {
    if (result === undefined) return missing;
    if (result.curves === undefined) return `the curves of ${stage} are in the record of another workspace`;
    const step = typeof select === 'object' ? ` at step ${select.at}` : '';
    if (step === '' && result.figures.some(({ name }) => name === figure))
      return `the "${figure}" of ${stage} is not a number`;
    const known = result.figures.map(({ name }) => name);
    if (step === '' && isUnmeasuredRate(figure, known)) {
      return `"${figure}" is not measurable: it is below one of the pairs of ${stage}`;
    }
    return `${stage} gave no "${figure}"${step}`;
  });
  return [...new Set(reasons)].join('; ');
}
