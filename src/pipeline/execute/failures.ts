import { catalogue } from '../../core/failure.ts';

const startHints: Readonly<Record<string, string>> = {
  E2BIG: 'Its command and its variables together are longer than the system allows.',
  EAGAIN: 'There are too many processes: see ulimit -u, or run fewer tasks at a time with --jobs.',
  EMFILE: 'There are too many open files: see ulimit -n, or run fewer tasks at a time with --jobs.',
  ENOENT: 'Its program or the folder it starts in does not exist.',
};

/** What executing a task can fail with. */
export const failures = catalogue({
  commandFailed: {
    meaning: 'The command of a stage ended with another exit code than 0.',
    text: ({ exitCode }: { exitCode: number }) => ({
      message: `the command ended with exit code ${exitCode}`,
      hint: 'What it printed is in the log of the task.',
    }),
    example: { exitCode: 3 },
  },
  notStarted: {
    meaning: 'The system did not start the process of a task.',
    text: ({ code, reason }: { code: string; reason: string }) => ({
      message: `the process of the task could not be started: ${code} (${reason})`,
      hint: startHints[code],
    }),
    example: { code: 'EAGAIN', reason: 'spawn /bin/sh EAGAIN' },
  },
  variableTooLong: {
    meaning: 'The paths of an input are more text than a variable of a process can hold.',
    text: ({ port, bytes, list }: { port: string; bytes: number; list: string }) => ({
      message: `the paths of input ${port} are ${bytes} bytes, more than the variable $${port} can hold`,
      hint: `Read them from the file $${list}, a line each.`,
    }),
    example: { port: 'images', bytes: 204_800, list: 'imagesList' },
  },
  lockLost: {
    meaning: 'The lock of a task was taken over by another machine while the task ran.',
    text: () => ({
      message: 'another machine took this one for dead and computes the task itself',
      hint: 'Run again: its result will be taken from the cache.',
    }),
    example: {},
  },
  stageWithoutRun: {
    meaning: 'The module of a stage does not export a function `run`.',
    text: ({ entry }: { entry: string }) => ({
      message: `expected ${entry} to export a function "run"`,
      hint: 'Write export const run: Stage<Params, Inputs, Outputs> = async (context) => { ... }.',
    }),
    example: { entry: 'stages/mine/run.js' },
  },
  stageThrew: {
    meaning: 'A stage threw something that it did not declare as a failure: a defect of the stage.',
    text: ({ error }: { error: string }) => ({
      message: `the stage threw ${error}`,
      hint: 'The stack is in the log of the task.',
    }),
    example: { error: 'TypeError: Cannot read properties of undefined' },
  },
});
