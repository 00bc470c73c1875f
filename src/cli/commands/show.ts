import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { humanBytes, humanDuration } from '../../core/human.ts';
import { factsOf, findRun } from '../../pipeline/record/find-run.ts';
import { gitDiffFileName } from '../../pipeline/record/git-changes.ts';
import { closeKilledRuns, runOf, tasksOf, type PastTask } from '../../pipeline/record/past-runs.ts';
import { artifactsOf, attemptsOf, figuresOf, type PastAttempt } from '../../pipeline/record/run-details.ts';
import { enginesText, type RunFacts } from '../../pipeline/record/run-facts.ts';
import { figureText } from '../../pipeline/console/figure-text.ts';
import { annotationTexts } from '../../pipeline/console/plan-text.ts';
import { annotationsOf, type ResultAnnotations } from '../../pipeline/record/result-annotations.ts';
import { textTable } from '../../core/text/text-table.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('[run]', 'id of a run (or how it begins), or an experiment for its last run', 'latest');
  },
  run: (call, context) =>
    inWorkspace(call, context, (workspace) => {
      const { database, runsFolder } = workspace;
      closeKilledRuns(database);
      const id = findRun(database, String(call.arguments[0]));
      const run = runOf(database, id);
      const facts = factsOf(database, id);
      const tasks = tasksOf(database, id).map((task) => ({ ...task, ...annotationsOf(task.key, workspace) }));
      const attempts = attemptsOf(database, id);
      const figures = figuresOf(database, id);
      const changes = changesOf(join(runsFolder, id));
      const heading = `${id}  ${run.outcome}${run.durationMs === null ? '' : ` in ${humanDuration(run.durationMs)}`}`;
      const sections = [
        [heading, ...factLines(facts, changes)],
        textTable(tasks.map(taskRow)),
        textTable(attempts.map(attemptRow)),
        figures.map(({ task, name, value }) => `${task}: ${figureText(name, value)}`),
      ];
      answer(call, context, {
        json: { run, facts, gitDiff: changes, tasks, attempts, figures, artifacts: artifactsOf(database, id) },
        text: sections
          .filter((lines) => lines.length > 0)
          .map((lines) => lines.join('\n'))
          .join('\n\n'),
      });
      return exitCode.done;
    }),
};

/** What differed from the commit when the run began to compute. */
function changesOf(folder: string): string | null {
  const file = join(folder, gitDiffFileName);
  return existsSync(file) ? file : null;
}

function factLines(facts: RunFacts, changes: string | null): string[] {
  const { call, machine, engineNotice, gitCommit, startedAt } = facts;
  const { overrides, profile, file } = call;
  return textTable([
    ['started', startedAt],
    ['file', file],
    ...(profile === null ? [] : [['profile', profile]]),
    ...overrides.map((override) => ['set', override]),
    ['engine', enginesText(facts)],
    ...(engineNotice === null ? [] : [['', engineNotice]]),
    ['machine', `${machine.host}: ${machine.cpu}, ${machine.cpus} processors, ${humanBytes(machine.memoryBytes)}`],
    ...(machine.gpus ?? []).map((gpu) => ['', `${gpu}, driver ${machine.gpuDriver ?? 'unknown'}`]),
    ['versions', `faceflow ${machine.faceflow}, Node ${machine.node}`],
    ...(gitCommit === null ? [] : [['commit', gitCommit]]),
    ...(changes === null ? [] : [['changes', changes]]),
  ]);
}

function taskRow({ task, outcome, durationMs, key, ...annotations }: PastTask & ResultAnnotations): string[] {
  const took = durationMs === null ? '' : humanDuration(durationMs);
  return [task, outcome ?? 'not finished', took, key?.slice(0, 12) ?? '', annotationTexts(annotations).join('; ')];
}

function attemptRow(attempt: PastAttempt): string[] {
  const { task, number, outcome, resumedFrom, durationMs, peakMemoryBytes, cpuMs } = attempt;
  return [
    `${task}, attempt ${number}`,
    outcome ?? 'running',
    durationMs === null ? '' : humanDuration(durationMs),
    shareText(attempt),
    cpuMs === null ? '' : `${humanDuration(cpuMs)} of processor`,
    peakMemoryBytes === null ? '' : `peak ${humanBytes(peakMemoryBytes)}`,
    ioText(attempt),
    resumedFrom === null ? '' : `from step ${resumedFrom}`,
  ];
}

function shareText({ cpus, gpus }: PastAttempt): string {
  const ids = gpus === null ? [] : (JSON.parse(gpus) as readonly string[]);
  const processors = cpus === null ? '' : `${cpus} ${cpus === 1 ? 'thread' : 'threads'}`;
  return ids.length === 0 ? processors : `${processors}, GPU ${ids.join(', ')}`;
}

function ioText({ readBytes, writtenBytes }: PastAttempt): string {
  if (readBytes === null || writtenBytes === null) return '';
  return `read ${humanBytes(readBytes)}, wrote ${humanBytes(writtenBytes)}`;
}
