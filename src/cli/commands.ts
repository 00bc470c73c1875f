import type { FlowCommand } from './flow-command.ts';

export interface CommandEntry {
  readonly summary: string;
  /** Commands are loaded when called: `flow run` pays for nothing that only `flow doctor` needs. */
  load(): Promise<{ readonly command: FlowCommand }>;
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
  status: {
    summary: 'say what the last run of an experiment did, and what of it is cached',
    load: () => import('./commands/status.ts'),
  },
  stages: {
    summary: 'list the stages there are, or explain one with its ports and parameters',
    load: () => import('./commands/stages.ts'),
  },
  inspect: {
    summary: 'say what a file or folder of any known format is and holds',
    load: () => import('./commands/inspect.ts'),
  },
};
