import type { CommandEntry } from './flow-command.ts';

/** Every command, in the order in which `flow --help` lists them. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'run an experiment; what is already known comes from the cache',
    load: () => import('./commands/run.ts'),
  },
  plan: {
    summary: 'say what would run, and why, without running it',
    load: () => import('./commands/plan.ts'),
  },
  why: {
    summary: 'say why a task would run, or since when its result is known',
    load: () => import('./commands/why.ts'),
  },
  check: {
    summary: 'find the mistakes in an experiment, and what it does not use',
    load: () => import('./commands/check.ts'),
  },
  init: {
    summary: 'write a commented experiment to start from',
    load: () => import('./commands/init.ts'),
  },
  status: {
    summary: 'say what the last run of an experiment did, and what of it is cached',
    load: () => import('./commands/status.ts'),
  },
  accept: {
    summary: 'say that a change does not matter: the last result of a task stays good',
    load: () => import('./commands/accept.ts'),
  },
  repeat: {
    summary: 'run a task once more and say whether it gives the same',
    load: () => import('./commands/repeat.ts'),
  },
  lock: {
    summary: 'write the contents of all inputs from outside to flow.lock',
    load: () => import('./commands/lock.ts'),
  },
  runs: {
    summary: 'list runs',
    load: () => import('./commands/runs.ts'),
  },
  show: {
    summary: 'say everything that was recorded of a run',
    load: () => import('./commands/show.ts'),
  },
  logs: {
    summary: 'print what a task printed',
    load: () => import('./commands/logs.ts'),
  },
  metrics: {
    summary: 'print the figures and curves of a run',
    load: () => import('./commands/metrics.ts'),
  },
  compare: {
    summary: 'lay runs side by side: parameters, inputs, figures, times',
    load: () => import('./commands/compare.ts'),
  },
  rerun: {
    summary: 'run again what a run ran: the same file, parameters and seed',
    load: () => import('./commands/rerun.ts'),
  },
  export: {
    summary: 'copy a run to a folder',
    load: () => import('./commands/export.ts'),
  },
  import: {
    summary: 'take a run from a folder into the record',
    load: () => import('./commands/import.ts'),
  },
  rm: {
    summary: 'remove runs from the record',
    load: () => import('./commands/rm.ts'),
  },
  db: {
    summary: 'check or rebuild the database of runs',
    load: () => import('./commands/db.ts'),
  },
  cache: {
    summary: 'list, check, clean, protect and move stored results',
    load: () => import('./commands/cache.ts'),
  },
  stages: {
    summary: 'list the stages there are, or explain one with its ports and parameters',
    load: () => import('./commands/stages.ts'),
  },
  doctor: {
    summary: 'say what this machine has for running experiments, and how to mend what it lacks',
    load: () => import('./commands/doctor.ts'),
  },
  convert: {
    summary: 'write a model in another format and compare what both give',
    load: () => import('./commands/convert.ts'),
  },
  inspect: {
    summary: 'say what a file or folder of any known format is and holds',
    load: () => import('./commands/inspect.ts'),
  },
  index: {
    summary: 'write the lost .idx file of a .rec file',
    load: () => import('./commands/index-file.ts'),
  },
  completion: {
    summary: 'print the completion of commands, tasks, runs and parameters for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
  complete: {
    summary: 'say what may come next on a command line',
    isHidden: true,
    load: () => import('./commands/complete.ts'),
  },
};
