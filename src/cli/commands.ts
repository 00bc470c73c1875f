import type { CommandEntry } from './flow-command.ts';

/** Every command, in the order in which `flow --help` lists them. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'run an experiment; results that are in the cache are not computed again',
    load: () => import('./commands/run.ts'),
  },
  plan: {
    summary: 'show what would run, and why, without running it',
    load: () => import('./commands/plan.ts'),
  },
  why: {
    summary: 'show why a task would run, or since when its result is in the cache',
    load: () => import('./commands/why.ts'),
  },
  check: {
    summary: 'show the mistakes in an experiment, and what it does not use',
    load: () => import('./commands/check.ts'),
  },
  init: {
    summary: 'write a commented experiment to start from',
    load: () => import('./commands/init.ts'),
  },
  status: {
    summary: 'show what the last run of an experiment did, and what of it is cached',
    load: () => import('./commands/status.ts'),
  },
  accept: {
    summary: 'keep the last result of a task although something has changed',
    load: () => import('./commands/accept.ts'),
  },
  repeat: {
    summary: 'test whether a task is reproducible: compute it once more and compare',
    load: () => import('./commands/repeat.ts'),
  },
  lock: {
    summary: 'record the contents of all inputs from outside in flow.lock',
    load: () => import('./commands/lock.ts'),
  },
  runs: {
    summary: 'list runs',
    load: () => import('./commands/runs.ts'),
  },
  show: {
    summary: 'show everything that was recorded of a run',
    load: () => import('./commands/show.ts'),
  },
  logs: {
    summary: 'print the log of a task',
    load: () => import('./commands/logs.ts'),
  },
  metrics: {
    summary: 'print the figures and curves of a run',
    load: () => import('./commands/metrics.ts'),
  },
  compare: {
    summary: 'compare runs: parameters, inputs, figures, times',
    load: () => import('./commands/compare.ts'),
  },
  rerun: {
    summary: 'run a recorded run again: the same file, parameters and seed',
    load: () => import('./commands/rerun.ts'),
  },
  export: {
    summary: 'copy a run to a folder',
    load: () => import('./commands/export.ts'),
  },
  import: {
    summary: 'add a run from a folder to the record',
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
    summary: 'list the stages, or explain one with its ports and parameters',
    load: () => import('./commands/stages.ts'),
  },
  doctor: {
    summary: 'show what this machine has for running experiments, and how to fix what it lacks',
    load: () => import('./commands/doctor.ts'),
  },
  convert: {
    summary: 'write a model in another format and compare the outputs of both',
    load: () => import('./commands/convert.ts'),
  },
  inspect: {
    summary: 'show what a file or folder of any known format is and holds',
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
    summary: 'print what may come next on a command line',
    isHidden: true,
    load: () => import('./commands/complete.ts'),
  },
};
