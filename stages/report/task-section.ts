import type { Json } from '../../src/core/digest.ts';
import { humanBytes, humanDuration } from '../../src/core/human.ts';
import type { Lineage, LineageTask } from '../../src/stage-api/lineage.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { fixed } from '../../src/kit/draw/number-text.ts';
import { drawTable } from '../../src/kit/draw/table.ts';
import { drawTaskGraph } from './task-graph.ts';

/** A graph of at most so many pixels stands beside the table, a wider one above it. */
const narrowGraph = 380;

/** How the results came about: the graph of the tasks and what each took. */
export function taskSection({ tasks }: Lineage): Html | undefined {
  if (tasks.length === 0) return undefined;
  const { drawing, width } = drawTaskGraph(tasks);
  return markup`<section id="tasks">
    <h2>Tasks</h2>
    <div class="${width > narrowGraph ? 'graph-over-table' : 'graph-and-table'}">
      <figure class="graph">
        <div class="scroll" tabindex="0" role="group" aria-label="graph of the tasks">${drawing}</div>
        <figcaption>
          <b>Graph.</b> Each box is a task and takes what the boxes above it made. The bar is its share of the time.
        </figcaption>
      </figure>
      ${taskTable(tasks)}
    </div>
    ${inputTable(tasks)}
  </section>`;
}

function taskTable(tasks: readonly LineageTask[]): Html {
  return drawTable(
    tasks,
    [
      {
        title: 'task',
        cell: ({ id, summary }, index) =>
          markup`<b>${id}</b>${tasks[index - 1]?.summary === summary ? undefined : sentence(summary)}`,
      },
      { title: 'time', numeric: true, cell: ({ durationMs }) => humanDuration(durationMs) },
      {
        title: 'memory',
        numeric: true,
        cell: ({ peakMemoryBytes: bytes }) => (bytes === null ? '–' : humanBytes(bytes)),
      },
      {
        title: 'made',
        numeric: true,
        cell: ({ outputs }) => humanBytes(outputs.reduce((sum, { bytes }) => sum + bytes, 0)),
      },
      {
        title: 'key',
        cell: ({ key, seed }) => markup`<code title="${key}">${key.slice(0, 8)}</code>${seedText(seed)}`,
      },
    ],
    markup`<b>What each task took.</b> Wall-clock time of the execution that made the result, its peak memory, the size of
      what it made, and the first digits of its key, which identifies everything that went into it.${engineWords(tasks)}`,
  );
}

/** Instances of a matrix follow each other: what they do is stated once. */
function sentence(summary: string): Html {
  return markup`<br /><span class="dim sentence">${summary}</span>`;
}

function seedText(seed: number | null): Html | undefined {
  return seed === null ? undefined : markup`<br /><span class="dim whole">seed ${seed}</span>`;
}

function engineWords(tasks: readonly LineageTask[]): string {
  const engines = new Set(tasks.flatMap(({ engine }) => (engine === null ? [] : [`${engine.name} ${engine.version}`])));
  return engines.size === 0 ? '' : ` Tensors were computed by ${[...engines].join(' and ')}.`;
}

function inputTable(tasks: readonly LineageTask[]): Html | undefined {
  const inputs = tasks.flatMap((task) => task.externalInputs.map((input) => ({ task: task.id, ...input })));
  if (inputs.length === 0) return undefined;
  return drawTable(
    inputs,
    [
      { title: 'task', cell: ({ task }) => task },
      { title: 'port', cell: ({ port }) => port },
      { title: 'path', cell: ({ path }) => markup`<code>${path}</code>` },
      { title: 'digest', cell: ({ digest }) => markup`<code title="${digest}">${digest.slice(0, 8)}</code>` },
    ],
    markup`<b>Data from outside.</b> What the experiment read, as written in its file, and the first digits of its
      SHA-256.`,
  );
}

/** The parameters of every task that has any. */
export function parameterSection({ tasks }: Lineage): Html | undefined {
  const groups = stagesOnce(tasks).map((task) => ({ task, rows: flattenParams(task.params) }));
  const filled = groups.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  const lists = filled.map(({ task, rows }) => {
    const items = rows.map(
      ({ path, text }) =>
        markup`<div>
          <dt>${path}</dt>
          <dd>${text}</dd>
        </div>`,
    );
    return markup`<div class="params">
      <h3>${task.id} <span class="dim">${kindText(task)}</span></h3>
      <dl>${items}</dl>
    </div>`;
  });
  return markup`<section id="parameters">
    <h2>Parameters</h2>
    <p>Every parameter with which a task ran, defaults included. Empty lists are left out.</p>
    <div class="params-grid">${lists}</div>
  </section>`;
}

function kindText({ kind, kindVersion }: LineageTask): string {
  return `${kind}, version ${kindVersion}`;
}

/** Instances of a matrix with the same parameters are told once. */
function stagesOnce(tasks: readonly LineageTask[]): readonly LineageTask[] {
  const seen = new Set<string>();
  return tasks.filter((task) => {
    const same = `${task.stage}\n${JSON.stringify(task.params)}`;
    return seen.has(same) ? false : seen.add(same);
  });
}

export interface FlatParam {
  /** `loss.margin`. */
  readonly path: string;
  readonly text: string;
}

/** Nested parameters as one list of paths and values; lists of plain values stay together. */
export function flattenParams(params: Readonly<Record<string, Json>>, prefix = ''): readonly FlatParam[] {
  return Object.entries(params).flatMap(([name, value]): readonly FlatParam[] => {
    const path = `${prefix}${name}`;
    if (isList(value)) return value.length === 0 ? [] : [{ path, text: value.map(valueText).join(', ') }];
    if (value !== null && typeof value === 'object') return flattenParams(value, `${path}.`);
    return value === '' ? [] : [{ path, text: valueText(value) }];
  });
}

function valueText(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value).replace('-', '−') : numberText(value);
  return JSON.stringify(value);
}

function numberText(value: number): string {
  const digits = Math.min(12, Math.max(0, (String(value).split('.')[1] ?? '').length));
  return String(value).includes('e') ? String(value) : fixed(value, digits);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
