import { humanBytes, humanDuration } from '../../base/human.ts';
import { factsOf, findRun } from '../../record/find-run.ts';
import { closeKilledRuns, runOf, tasksOf, type PastTask } from '../../record/past-runs.ts';
import { artifactsOf, attemptsOf, figuresOf, type PastAttempt } from '../../record/run-details.ts';
import { enginesText, type RunFacts } from '../../record/run-facts.ts';
import { figureText } from '../../report/figure-text.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { tableText } from '../table-text.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('[run]', 'id of a run (or how it begins), or an experiment for its last run', 'latest');
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, ({ database }) => {
      closeKilledRuns(database);
      const id = findRun(database, String(call.arguments[0]));
      const run = runOf(database, id);
      const facts = factsOf(database, id);
      const tasks = tasksOf(database, id);
      const attempts = attemptsOf(database, id);
      const figures = figuresOf(database, id);
      const heading = `${id}  ${run.outcome}${run.durationMs === null ? '' : ` in ${humanDuration(run.durationMs)}`}`;
      const sections = [
        [heading, ...factLines(facts)],
        tableText(tasks.map(taskRow)),
        tableText(attempts.map(attemptRow)),
        figures.map(({ task, name, value }) => `${task}: ${figureText(name, value)}`),
      ];
      answer(call, surroundings, {
        json: { run, facts, tasks, attempts, figures, artifacts: artifactsOf(database, id) },
        text: sections
          .filter((lines) => lines.length > 0)
          .map((lines) => lines.join('\n'))
          .join('\n\n'),
      });
      return exitCode.done;
    }),
};

function factLines(facts: RunFacts): string[] {
  const { call, machine, engineNotice, gitCommit, startedAt } = facts;
  const { overrides, profile, file } = call;
  return tableText([
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
  ]);
}

function taskRow({ task, outcome, durationMs, key }: PastTask): string[] {
  const took = durationMs === null ? '' : humanDuration(durationMs);
  return [task, outcome ?? 'not finished', took, key?.slice(0, 12) ?? ''];
}

function attemptRow(attempt: PastAttempt): string[] {
  const { task, number, outcome, resumedFrom, durationMs, peakMemoryBytes, cpuMs } = attempt;
  return [
    `${task}, attempt ${number}`,
    outcome ?? 'running',
    durationMs === null ? '' : humanDuration(durationMs),
    cpuMs === null ? '' : `${humanDuration(cpuMs)} of processor`,
    peakMemoryBytes === null ? '' : `peak ${humanBytes(peakMemoryBytes)}`,
    ioText(attempt),
    resumedFrom === null ? '' : `from step ${resumedFrom}`,
  ];
}

function ioText({ readBytes, writtenBytes }: PastAttempt): string {
  if (readBytes === null || writtenBytes === null) return '';
  return `read ${humanBytes(readBytes)}, wrote ${humanBytes(writtenBytes)}`;
}
