import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeOwnFolder } from '../core/atomic-file.ts';
import { digestOf } from '../core/digest.ts';
import { humanBytes } from '../core/human.ts';
import { compiledModule } from '../core/package-folder.ts';
import { readEntry } from '../pipeline/cache/cache-entry.ts';
import { asKey } from '../pipeline/plan/key-document.ts';
import { factsOf } from '../pipeline/record/find-run.ts';
import { runOf, tasksOf, type PastTask } from '../pipeline/record/past-runs.ts';
import { artifactsOf, curvesOf, figuresOf, type PastArtifact } from '../pipeline/record/run-details.ts';
import type { RunFacts } from '../pipeline/record/run-facts.ts';
import { parseFiguresFile } from '../stage-api/figures-file.ts';
import type { Lineage, LineageTask } from '../stage-api/lineage.ts';
import type { Stage } from '../stage-api/stage.ts';
import type { Workspace } from './workspace.ts';

/** Kinds of results that a page shows. */
type ShownKind = 'log' | 'verification' | 'figures';

interface ReportInputs {
  readonly logs: readonly string[];
  readonly verifications: readonly string[];
  readonly figures: readonly string[];
  readonly alignments: readonly string[];
  readonly identifications: readonly string[];
  readonly images: string | undefined;
  readonly lineage: string;
}

type Report = Stage<{ readonly title: string; readonly samples: number }, ReportInputs, { readonly page: string }>;

/**
 * Writes the page of a run out of its record, whether its experiment has a stage `report` or not: that stage is called
 * with every result of the run it can show and that is still in the cache, and with the curves that are recorded only.
 */
export async function writeRunPage(workspace: Workspace, run: string, page: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flow-page-'));
  try {
    const facts = factsOf(workspace.database, run);
    const artifacts = artifactsOf(workspace.database, run);
    const shown = [...artifacts, ...toldCurves(workspace, run, artifacts).map(asArtifact(folder))];
    const lineage = join(folder, 'lineage.json');
    writeFileSync(lineage, JSON.stringify(lineageOf(workspace, facts, shown)));
    const { run: report } = (await import(compiledModule('stages/report/run.ts').href)) as { readonly run: Report };
    makeOwnFolder(dirname(page));
    await report({
      params: { title: '', samples: 0 },
      inputs: { ...boundOutputs(shown), lineage },
      outputs: { page },
      scratch: folder,
      seed: 0,
      signal: new AbortController().signal,
      engine: { name: 'cpu', version: 'none' },
      cpus: 1,
      emit: () => undefined,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function boundOutputs(artifacts: readonly PastArtifact[]): Omit<ReportInputs, 'lineage'> {
  const there = artifacts.filter(({ path }) => existsSync(path));
  const ofKind = (kind: ShownKind): string[] => there.filter((each) => each.kind === kind).map(({ path }) => path);
  return {
    logs: ofKind('log'),
    verifications: ofKind('verification'),
    figures: ofKind('figures'),
    alignments: [],
    identifications: [],
    images: undefined,
  };
}

interface Told {
  readonly task: string;
  /** A file of figures. */
  readonly text: string;
}

/** What tasks have told as events and left in no output: of a result from the cache, in the run that computed it. */
function toldCurves(workspace: Workspace, run: string, artifacts: readonly PastArtifact[]): Told[] {
  const { database } = workspace;
  return tasksOf(database, run).flatMap(({ task, key, outcome }) => {
    const own = artifacts.filter((each) => each.task === task && existsSync(each.path));
    if (own.some(({ kind }) => kind === 'log')) return [];
    const written = new Set(own.filter(({ kind }) => kind === 'figures').flatMap(({ path }) => curvesIn(path)));
    const known = asKey(key ?? '');
    const entry = known === undefined ? undefined : readEntry(workspace.cache.entryFolder(known), known);
    const source = outcome === 'cached' && entry !== undefined ? entry : { run, task };
    const points = curvesOf(database, source.run).filter(
      (point) => point.task === source.task && !written.has(point.name),
    );
    if (points.length === 0) return [];
    const curves: Record<string, [number, number][]> = {};
    for (const { name, step, value } of points) (curves[name] ??= []).push([step, value]);
    return [{ task, text: JSON.stringify(curves) }];
  });
}

function curvesIn(path: string): string[] {
  return parseFiguresFile(readFileSync(path, 'utf8')).curves.map(({ name }) => name);
}

/** The curves of a task as if they were an output of it. */
function asArtifact(folder: string): (told: Told, index: number) => PastArtifact {
  return ({ task, text }, index) => {
    const path = join(folder, `curves-${index}.json`);
    writeFileSync(path, text);
    return { task, port: 'events', kind: 'figures', path, digest: digestOf(text), bytes: Buffer.byteLength(text) };
  };
}

function lineageOf({ database, cache }: Workspace, facts: RunFacts, artifacts: readonly PastArtifact[]): Lineage {
  const figures = figuresOf(database, facts.id);
  const past = new Map(tasksOf(database, facts.id).map((task) => [task.task, task]));
  const shown = facts.experiment.tasks.filter(({ id }) => isSettled(past.get(id)));
  const tasks = shown.map((task): LineageTask => {
    const key = asKey(past.get(task.id)?.key ?? '');
    const entry = key === undefined ? undefined : readEntry(cache.entryFolder(key), key);
    const bound = Object.values(task.inputs).flat();
    return {
      id: task.id,
      stage: task.stage,
      kind: task.kind,
      kindVersion: task.kindVersion,
      summary: '',
      needs: shown.map(({ id }) => id).filter((id) => bound.some((each) => each.startsWith(`${id}:`))),
      params: task.params,
      seed: entry?.keyDocument.seed ?? null,
      engine: entry?.engine ?? null,
      key: key ?? '',
      durationMs: past.get(task.id)?.durationMs ?? 0,
      peakMemoryBytes: entry?.peakMemoryBytes ?? null,
      figures: figures.filter((each) => each.task === task.id).map(({ name, value }) => ({ name, value })),
      externalInputs: [],
      outputs: artifacts.filter((each) => each.task === task.id),
    };
  });
  const { name, summary } = facts.experiment;
  return {
    format: 'faceflow-lineage',
    version: 1,
    experiment: { name, summary },
    tasks,
    record: recordOf(facts, database),
  };
}

function isSettled(task: PastTask | undefined): boolean {
  return task?.outcome === 'done' || task?.outcome === 'cached';
}

/** What a researcher asks of a page months later. */
function recordOf(facts: RunFacts, database: Workspace['database']): NonNullable<Lineage['record']> {
  const { id, startedAt, gitCommit, machine, call } = facts;
  const open = tasksOf(database, id).filter((task) => !isSettled(task));
  return [
    ['run', `${id}, ${runOf(database, id).outcome}`],
    ['started', startedAt],
    ['commit', gitCommit ?? 'none: the workspace is in no git repository'],
    ['machine', `${machine.host}, ${machine.cpu}, ${machine.cpus} processors, ${humanBytes(machine.memoryBytes)}`],
    ...(machine.gpus === undefined ? [] : [['GPUs', machine.gpus.join(', ')] as const]),
    ['again', `flow rerun ${id}`],
    ['experiment', [call.file, ...call.overrides.map((each) => `--set ${each}`)].join(' ')],
    ...(open.length === 0
      ? []
      : [
          [
            'not on this page',
            open.map(({ task, outcome }) => `${task} (${outcome ?? 'not ended'})`).join(', '),
          ] as const,
        ]),
  ];
}
