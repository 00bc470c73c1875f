import { join } from 'node:path';
import { FailureError } from '../../core/failure.ts';
import type { InputPaths } from '../../stage-api/stage.ts';
import type { CacheEntry } from '../cache/cache-entry.ts';
import { forceTask, isForced, taskNeeds } from '../plan/select-tasks.ts';
import { type Key, externalContents, type ExternalContents } from '../plan/key-document.ts';
import { planTask, type OutputDigests, type Plan, type PlannedTask } from '../plan/plan.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import type { Assignment, SourceResult } from './attempt.ts';
import type { FlowEvent, TaskOutcome, TaskProduct } from './event.ts';
import { EventStream } from './event-stream.ts';
import { outputDigests, type CachePlanningContext } from './planning-context.ts';
import { Interruption } from './interruption.ts';
import { priorities } from './priorities.ts';
import { outputsLinkOf } from './run-paths.ts';
import type { RunRequest } from './run-request.ts';
import type { TaskEnd, TaskRunner } from './task-runner.ts';

/** A task whose inputs are settled. */
type KnownTask = Exclude<PlannedTask, { state: 'unknown' }>;

export type RunEnd = Extract<FlowEvent, { type: 'run-ended' }>;

/** How a task came out, with its stored result where there is one. */
type Result =
  | { readonly outcome: TaskOutcome & { outcome: 'done' }; readonly entry: CacheEntry }
  | {
      readonly outcome: TaskOutcome & { outcome: 'cached' };
      readonly entry: CacheEntry;
      readonly inputs: ExternalContents | undefined;
    }
  | { readonly outcome: TaskOutcome & { outcome: 'failed' | 'interrupted' | 'skipped' } };

/**
 * Runs what a plan leaves to be run and says everything that happens to the readers of the request. Resolves however
 * the tasks come out; rejects only for defects of ours.
 */
export async function runExperiment(request: RunRequest, plan: Plan, knowledge: CachePlanningContext): Promise<RunEnd> {
  const run = new ExperimentRun(request, plan, knowledge);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

class ExperimentRun {
  readonly #request: RunRequest;
  readonly #plan: Plan;
  readonly #knowledge: CachePlanningContext;
  readonly #stream: EventStream;
  #runner: Promise<TaskRunner> | undefined;
  readonly #results = new Map<string, Promise<Result>>();
  /** Of every task that is cached or done. */
  readonly #settled = new Map<string, { readonly key: Key; readonly outputs: OutputDigests }>();
  readonly #ends = new Map<string, Result>();
  /** Stops the tasks that run: when the run is interrupted, or by a failure where that was asked for. */
  readonly #halt = new Interruption();
  #priorities: ReadonlyMap<string, number> | undefined;
  #firstFailure: string | undefined;
  #defect: { readonly error: unknown } | undefined;

  constructor(request: RunRequest, plan: Plan, knowledge: CachePlanningContext) {
    this.#request = request;
    this.#plan = plan;
    this.#knowledge = knowledge;
    this.#stream = new EventStream(request.readers, request.now);
  }

  async close(): Promise<void> {
    (await this.#runner)?.close();
  }

  async run(): Promise<RunEnd> {
    const startedAt = this.#request.now();
    this.#sayStarted();
    this.#knowledge.onDamage((message) => {
      this.#stream.say({ type: 'notice', level: 'warning', message });
    });
    const unlisten = this.#request.interruption.listen((level) => {
      this.#sayInterrupted(level);
      this.#halt.escalate();
    });
    for (const planned of this.#plan.tasks) {
      this.#results.set(planned.task.id, this.#settle(planned));
    }
    await Promise.all(this.#results.values());
    unlisten();
    if (this.#defect !== undefined) throw this.#defect.error;
    return this.#sayEnded(startedAt);
  }

  async #settle(planned: PlannedTask): Promise<Result> {
    const { task } = planned;
    const needs: (Result | undefined)[] = [];
    for (const id of taskNeeds(task)) needs.push(await this.#results.get(id));
    const result = this.#blocked(task, needs) ?? (await this.#decideGuarded(planned));
    this.#end(task, result);
    return result;
  }

  #blocked(task: TaskSpec, needs: readonly (Result | undefined)[]): Result | undefined {
    const index = needs.findIndex((need) => need === undefined || !('entry' in need));
    if (index < 0) return undefined;
    const need = taskNeeds(task)[index] ?? '';
    const outcome = needs[index]?.outcome.outcome;
    return skipped(outcome === 'failed' ? `${need} failed` : `${need} was ${outcome ?? 'skipped'}`);
  }

  /** A defect in one task ends the run, but not before the workers of the others have ended. */
  async #decideGuarded(planned: PlannedTask): Promise<Result> {
    try {
      return await this.#decide(planned);
    } catch (error) {
      if (error instanceof FailureError) {
        return { outcome: { outcome: 'failed', attempt: { outcome: 'failed', failures: error.failures } } };
      }
      this.#defect ??= { error };
      this.#request.interruption.escalate();
      this.#request.interruption.escalate();
      return skipped('a defect of faceflow ended the run');
    }
  }

  async #decide(first: PlannedTask): Promise<Result> {
    if (first.state === 'cached') return this.#cached(this.#knowledge.entry(first.key), first);
    const refusal = this.#refusal();
    if (refusal !== undefined) return skipped(refusal);
    // What it takes in is settled by now: an early cutoff may have made its key a known one.
    const again = await planTask(first.task, this.#settled, this.#knowledge);
    const planned = isForced(first) ? forceTask(again) : again;
    if (planned.state === 'cached') return this.#cached(this.#knowledge.entry(planned.key), planned);
    if (planned.state === 'unknown') throw new Error(`${first.task.id} was started before what it needs`);
    this.#runner ??= this.#openRunner();
    const runner = await this.#runner;
    const end = await runner.run(this.#assignment(planned), () => this.#refusal());
    return this.#resultOf(end, planned);
  }

  /** Loaded when the first task has to run: a run that finds everything in the cache shall not pay for it. */
  async #openRunner(): Promise<TaskRunner> {
    const { TaskRunner } = await import('./task-runner.ts');
    return new TaskRunner(this.#request, this.#stream, this.#halt);
  }

  #resultOf(end: TaskEnd, planned: KnownTask): Result {
    switch (end.outcome) {
      case 'cached':
        return this.#cached(end.entry, planned);
      case 'skipped':
        return skipped(end.because);
      case 'done':
        return {
          outcome: { outcome: 'done', key: end.entry.key, durationMs: end.durationMs },
          entry: end.entry,
        };
      case 'failed':
      case 'crashed':
      case 'out-of-memory':
      case 'timed-out':
      case 'input-changed':
        return { outcome: { outcome: 'failed', attempt: end } };
      case 'interrupted':
        return { outcome: { outcome: 'interrupted' } };
    }
  }

  #cached(entry: CacheEntry, { task, document }: KnownTask): Result {
    const inputs = externalContents(task, document.inputs);
    return { outcome: { outcome: 'cached', key: entry.key }, entry, inputs };
  }

  #assignment(planned: PlannedTask & { state: 'run' }): Assignment {
    const { task, key, document, reasons } = planned;
    const { cpus } = this.#request.capacity;
    const wanted = task.resources.cpus;
    this.#priorities ??= priorities(this.#request.experiment, this.#request.lastDurationMs);
    return {
      task,
      key,
      document,
      reasons,
      inputs: this.#inputPaths(task),
      sources: this.#sources(task),
      lineage: task.kind.manifest.lineage === true ? this.#knowledge.lineage(task, this.#keys()) : undefined,
      cpus: wanted === 'all' ? cpus : Math.min(wanted, cpus),
      priority: this.#priorities.get(task.id) ?? 0,
    };
  }

  #keys(): Map<string, Key> {
    return new Map([...this.#settled].map(([id, { key }]) => [id, key]));
  }

  #inputPaths(task: TaskSpec): InputPaths {
    const ports = Object.entries(task.inputs).map(([port, bindings]) => {
      const paths = bindings.map((binding) =>
        binding.type === 'path' ? binding.path : this.#outputPath(binding.task, binding.output),
      );
      return [port, task.kind.manifest.inputs[port]?.many === true ? paths : paths[0]] as const;
    });
    return Object.fromEntries(ports);
  }

  #sources({ inputs }: TaskSpec): SourceResult[] {
    const bindings = Object.values(inputs).flat();
    const tasks = new Set(bindings.flatMap((binding) => (binding.type === 'output' ? [binding.task] : [])));
    return [...tasks].map((task) => ({ task, entry: this.#knowledge.entry(this.#settled.get(task)?.key ?? '') }));
  }

  #outputPath(task: string, port: string): string {
    const entry = this.#knowledge.entry(this.#settled.get(task)?.key ?? '');
    const output = entry.outputs[port];
    if (output === undefined) throw new Error(`the entry of ${task} has no output ${port}`);
    return this.#request.cache.outputPath(entry, output);
  }

  /** Why no further task may start. */
  #refusal(): string | undefined {
    if (this.#request.interruption.level !== 'none') return 'the run was interrupted';
    if (this.#firstFailure !== undefined && this.#request.afterFailure !== 'go-on')
      return `${this.#firstFailure} failed`;
    return undefined;
  }

  #end(task: TaskSpec, result: Result): void {
    this.#ends.set(task.id, result);
    if (result.outcome.outcome === 'failed') this.#heedFailure(task);
    if (!('entry' in result)) {
      this.#stream.say({ type: 'task-ended', task: task.id, result: result.outcome });
      return;
    }
    const { entry } = result;
    this.#knowledge.remember(entry);
    this.#settled.set(task.id, { key: entry.key as Key, outputs: outputDigests(entry) });
    const product = this.#product(entry);
    const inputs = 'inputs' in result && result.inputs !== undefined ? { inputs: result.inputs } : {};
    this.#stream.say({ type: 'task-ended', task: task.id, result: result.outcome, product, ...inputs });
  }

  #heedFailure(task: TaskSpec): void {
    if (this.#firstFailure !== undefined) return;
    this.#firstFailure = task.id;
    if (this.#request.afterFailure === 'stop' && this.#halt.level === 'none') this.#halt.escalate();
  }

  #product(entry: CacheEntry): TaskProduct {
    const { createdAt, durationMs, peakMemoryBytes, figures } = entry;
    const outputs = Object.entries(entry.outputs).map(([port, output]) => ({
      port,
      kind: output.kind,
      path: this.#request.cache.outputPath(entry, output),
      digest: output.digest,
      bytes: output.bytes,
    }));
    return { createdAt, durationMs, peakMemoryBytes, figures, outputs };
  }

  #sayStarted(): void {
    const { run, experiment, engines, folder } = this.#request;
    this.#stream.say({
      type: 'run-started',
      run,
      experiment: experiment.name,
      file: experiment.file,
      tasks: experiment.tasks.map((task) => ({
        id: task.id,
        stage: task.stage,
        kind: task.kind.manifest.name,
        needs: taskNeeds(task),
      })),
      ...engines,
      folder,
    });
  }

  #sayInterrupted(level: 'stop' | 'kill'): void {
    if (this.#defect !== undefined) return;
    const message =
      level === 'stop'
        ? 'stopping: running tasks write their checkpoints; interrupt again to end them at once'
        : 'ending the running tasks at once';
    this.#stream.say({ type: 'notice', level: 'warning', message });
  }

  #sayEnded(startedAt: number): RunEnd {
    const results = [...this.#request.experiment.tasks].map((task) => ({
      task: task.id,
      result: this.#ends.get(task.id),
    }));
    const count = (outcome: string): number =>
      results.filter(({ result }) => result?.outcome.outcome === outcome).length;
    const counts = {
      done: count('done'),
      cached: count('cached'),
      failed: count('failed'),
      interrupted: count('interrupted'),
      skipped: count('skipped'),
    };
    const entries = results.flatMap(({ task, result }) =>
      result !== undefined && 'entry' in result ? [{ task, entry: result.entry }] : [],
    );
    const ended = {
      type: 'run-ended' as const,
      run: this.#request.run,
      outcome: this.#outcome(counts.failed + counts.interrupted + counts.skipped),
      durationMs: this.#request.now() - startedAt,
      counts,
      figures: entries.flatMap(({ task, entry }) => entry.figures.map((figure) => ({ task, ...figure }))),
      pages: entries.flatMap(({ task, entry }) => this.#pages(task, entry)),
    };
    this.#stream.say(ended);
    return { at: this.#request.now(), ...ended };
  }

  #outcome(unfinished: number): 'done' | 'failed' | 'interrupted' {
    if (unfinished === 0) return 'done';
    return this.#request.interruption.level === 'none' ? 'failed' : 'interrupted';
  }

  #pages(task: string, entry: CacheEntry): { task: string; path: string }[] {
    return Object.values(entry.outputs)
      .filter((output) => output.kind === 'page')
      .map((output) => ({ task, path: join(outputsLinkOf(this.#request.folder, task), output.path) }));
  }
}

function skipped(because: string): Result {
  return { outcome: { outcome: 'skipped', because } };
}
