import type { Statement } from 'better-sqlite3';
import type { StageEvent } from '../../stage-api/stage.ts';
import type { FlowEvent, TaskOutline, TaskProduct } from '../execute/event.ts';
import type { Key, KeyDocument } from '../plan/key-document.ts';
import type { FlowDatabase } from './open-database.ts';
import type { RunFacts } from './run-facts.ts';

/** How long events may wait for their transaction: what a killed runner leaves out of the database (not of its folder). */
const flushMs = 250;

/** How often a run that has ended tries to record its end; each waits as long as a database that is held lets it. */
const lastTries = 3;

function isTemporary(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(BUSY|FULL|IOERR)/.test(code);
}

/** Writes the events of one run to the database, many to a transaction. */
export class DatabaseRecorder {
  readonly #database: FlowDatabase;
  readonly #facts: RunFacts;
  readonly #documentOf: (key: Key) => KeyDocument | undefined;
  readonly #statements = new Map<string, Statement>();
  /** Tasks without a row yet: those that end within the same transaction are written once, not inserted and updated. */
  readonly #unwritten = new Map<string, TaskOutline & { readonly position: number }>();
  #waiting: FlowEvent[] = [];
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param documentOf the key document of a result that is in the cache */
  constructor(database: FlowDatabase, facts: RunFacts, documentOf: (key: Key) => KeyDocument | undefined) {
    this.#database = database;
    this.#facts = facts;
    this.#documentOf = documentOf;
  }

  handle(event: FlowEvent): void {
    this.#waiting.push(event);
    // That a task was begun is worth knowing however the runner ends.
    if (event.type === 'task-started') {
      this.flush();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, flushMs);
  }

  /** Writes what waits; if another program holds the database, or the disk is full, it waits for the next time. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const unwritten = [...this.#unwritten];
    const sequence = this.#sequence;
    try {
      this.#database
        .transaction(() => {
          for (const event of this.#waiting) this.#write(event);
          for (const task of [...this.#unwritten.keys()]) this.#writeTask(task, noEnd);
        })
        .immediate();
      this.#waiting = [];
    } catch (error) {
      if (!isTemporary(error)) throw error;
      this.#unwritten.clear();
      for (const [id, task] of unwritten) this.#unwritten.set(id, task);
      this.#sequence = sequence;
    }
  }

  /** Writes the rest, at the end of a run; false if the database still cannot be written to. */
  close(): boolean {
    for (let tried = 0; tried < lastTries && this.#waiting.length > 0; tried += 1) this.flush();
    return this.#waiting.length === 0;
  }

  #write(event: FlowEvent): void {
    this.#writeRow(event);
    if (!isTransient(event)) this.#writeEvent(event);
  }

  #writeRow(event: FlowEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#startRun(event);
        return;
      case 'task-started':
        this.#startAttempt(event);
        return;
      case 'task-event':
        this.#handleStageEvent(event.task, event.event);
        return;
      case 'attempt-ended':
        this.#endAttempt(event);
        return;
      case 'task-ended':
        this.#endTask(event);
        return;
      case 'run-ended':
        this.#endRun(event);
        return;
      case 'task-waiting':
      case 'task-output':
      case 'notice':
        return;
    }
  }

  #startRun(event: Extract<FlowEvent, { type: 'run-started' }>): void {
    const { runner, experiment } = this.#facts;
    this.#run(
      `insert into run (id, experiment, file, workspace, startedAt, engineName, engineVersion, engineNotice,
         host, runnerPid, runnerStarted) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event.run,
      event.experiment,
      event.file,
      experiment.workspace,
      event.at,
      event.engine.name,
      event.engine.version,
      event.engineNotice ?? null,
      runner.host,
      runner.pid,
      runner.started,
    );
    // After all others, of which those that were imported have negative numbers.
    this.#run(
      'insert into runFacts (rowid, run, facts) values ((select max(0, coalesce(max(rowid), 0)) + 1 from runFacts), ?, ?)',
      event.run,
      JSON.stringify(this.#facts),
    );
    for (const [position, task] of event.tasks.entries()) this.#unwritten.set(task.id, { ...task, position });
  }

  #startAttempt(event: Extract<FlowEvent, { type: 'task-started' }>): void {
    if (this.#unwritten.has(event.task)) this.#writeTask(event.task, noEnd);
    this.#run(
      `insert into attempt (run, task, number, key, startedAt, resumedFrom, reasons, logFile, cpus, gpus)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#facts.id,
      event.task,
      event.attempt,
      event.key,
      event.at,
      event.resumedFrom ?? null,
      JSON.stringify(event.reasons),
      event.logFile,
      event.cpus ?? null,
      event.gpus === undefined ? null : JSON.stringify(event.gpus),
    );
    this.#run('update task set key = ? where run = ? and task = ?', event.key, this.#facts.id, event.task);
  }

  #handleStageEvent(task: string, event: StageEvent): void {
    // Final figures come with the product of the task: a result from the cache has them too.
    if (event.type === 'metric' && event.step !== undefined)
      this.#metric(task, { name: event.name, step: event.step, value: event.value });
  }

  #metric(task: string, { name, step, value }: Metric): void {
    // JSON has no NaN, and neither has SQLite: a loss that has diverged is recorded as an event.
    if (!Number.isFinite(value)) return;
    this.#run('insert into metric values (?, ?, ?, ?, ?)', this.#facts.id, task, name, step, value);
  }

  #endAttempt(event: Extract<FlowEvent, { type: 'attempt-ended' }>): void {
    this.#run(
      `update attempt set outcome = ?, detail = ?, durationMs = ?, peakMemoryBytes = ?, cpuMs = ?, readBytes = ?,
         writtenBytes = ? where run = ? and task = ? and number = ?`,
      event.result.outcome,
      JSON.stringify(event.result),
      event.durationMs,
      event.peakMemoryBytes ?? null,
      event.usage?.cpuMs ?? null,
      event.usage?.readBytes ?? null,
      event.usage?.writtenBytes ?? null,
      this.#facts.id,
      event.task,
      event.attempt,
    );
  }

  #endTask(event: Extract<FlowEvent, { type: 'task-ended' }>): void {
    const { result, product } = event;
    const key = 'key' in result ? result.key : null;
    this.#writeTask(event.task, {
      outcome: result.outcome,
      key,
      detail: JSON.stringify(result),
      durationMs: product?.durationMs ?? null,
      peakMemoryBytes: product?.peakMemoryBytes ?? null,
      createdAt: product?.createdAt ?? null,
    });
    if (product !== undefined) this.#produce(event.task, product);
    if (key !== null) this.#keepDocument(key);
  }

  #writeTask(id: string, end: TaskEnd): void {
    const { outcome, key, detail, durationMs, peakMemoryBytes, createdAt } = end;
    const task = this.#unwritten.get(id);
    if (task === undefined) {
      this.#run(
        `update task set outcome = ?, key = coalesce(?, key), detail = ?, durationMs = ?, peakMemoryBytes = ?,
           createdAt = ? where run = ? and task = ?`,
        ...[outcome, key, detail, durationMs, peakMemoryBytes, createdAt, this.#facts.id, id],
      );
      return;
    }
    this.#unwritten.delete(id);
    this.#run(
      `insert into task (run, task, position, stage, kind, outcome, key, detail, durationMs, peakMemoryBytes, createdAt)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[this.#facts.id, id, task.position, task.stage, task.kind],
      ...[outcome, key, detail, durationMs, peakMemoryBytes, createdAt],
    );
  }

  #produce(task: string, product: TaskProduct): void {
    for (const { port, kind, path, digest, bytes } of product.outputs) {
      this.#run(
        'insert into artifact values (?, ?, ?, ?, ?, ?, ?)',
        this.#facts.id,
        task,
        port,
        kind,
        path,
        digest,
        bytes,
      );
    }
    for (const { name, value } of product.figures) this.#metric(task, { name, step: null, value });
  }

  #keepDocument(key: Key): void {
    // Of a result from a shared cache the record has none yet, and after it has left the cache there is no other copy.
    if (this.#isKept(key)) return;
    const document = this.#documentOf(key);
    if (document === undefined) return;
    this.#run('insert or ignore into keyDocument values (?, ?)', key, JSON.stringify(document));
  }

  #isKept(key: string): boolean {
    return this.#statement('select 1 from keyDocument where key = ?').get(key) !== undefined;
  }

  #endRun(event: Extract<FlowEvent, { type: 'run-ended' }>): void {
    this.#run(
      'update run set endedAt = ?, outcome = ?, durationMs = ? where id = ?',
      event.at,
      event.outcome,
      event.durationMs,
      this.#facts.id,
    );
  }

  #writeEvent(event: FlowEvent): void {
    const task = 'task' in event ? event.task : null;
    this.#run(
      'insert into event values (?, ?, ?, ?, ?, ?)',
      this.#facts.id,
      this.#sequence,
      event.at,
      event.type,
      task,
      JSON.stringify(event),
    );
    this.#sequence += 1;
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What is written of the end of a task; null until it has ended. */
/** One point of a curve, or a final figure (without a step). */
interface Metric {
  readonly name: string;
  readonly step: number | null;
  readonly value: number;
}

interface TaskEnd {
  readonly outcome: string | null;
  readonly key: Key | null;
  readonly detail: string | null;
  readonly durationMs: number | null;
  readonly peakMemoryBytes: number | null;
  readonly createdAt: string | null;
}

const noEnd: TaskEnd = {
  outcome: null,
  key: null,
  detail: null,
  durationMs: null,
  peakMemoryBytes: null,
  createdAt: null,
};

/** Progress is worth nothing later; points of curves and results from the cache have tables of their own. */
function isTransient(event: FlowEvent): boolean {
  if (event.type === 'task-ended') return event.result.outcome === 'cached';
  if (event.type !== 'task-event') return false;
  return event.event.type === 'progress' || (event.event.type === 'metric' && event.event.step !== undefined);
}
