import type { CommandGroup, FlowCommand } from './flow-command.ts';

export interface CommandEntry {
  readonly summary: string;
  /** Commands are loaded when called: `flow run` pays for nothing that only `flow doctor` needs. */
  load(): Promise<{ readonly command: FlowCommand | CommandGroup }>;
}

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
  inspect: {
    summary: 'say what a file or folder of any known format is and holds',
    load: () => import('./commands/inspect.ts'),
  },
};
