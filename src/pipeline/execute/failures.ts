import { catalogue } from '../../core/failure.ts';

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
