import { catalogue, errorCode, type Failure } from '../../core/failure.ts';
import type { Unseen } from './executor.ts';

const startHints: Readonly<Record<string, string>> = {
  E2BIG: 'Its command and its variables together are longer than the system allows.',
  EAGAIN: 'There are too many processes: see ulimit -u, or run fewer tasks at a time with --jobs.',
  EMFILE: 'There are too many open files: see ulimit -n, or run fewer tasks at a time with --jobs.',
  ENOENT: 'Its program or the folder it starts in does not exist.',
};

/** Codes of system errors that say there is no room. */
const full = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
/** What SQLite says of the file system or of another program, and not of our statements. */
const databaseTrouble = /^SQLITE_(FULL|READONLY|CANTOPEN|IOERR|BUSY|PERM|NOTADB|CORRUPT)/;

/** A trouble of the file system, or of the system at all, as the failure of the task that met it; undefined for what is a defect. */
export function systemFailure(error: unknown): Failure | undefined {
  const code = errorCode(error);
  if (code === undefined || !(error instanceof Error)) return undefined;
  if (!('syscall' in error) && !databaseTrouble.test(code)) return undefined;
  if (full.has(code)) return failures.diskFull({ error: error.message });
  return failures.systemError({ code, error: error.message });
}

function unseenHints({ variables, gpus }: Unseen): string[] {
  const [first] = variables;
  return [
    ...(gpus > 0
      ? ['It saw no GPU (CUDA_VISIBLE_DEVICES is empty): "resources: { gpus: 1 }" of the stage is the remedy.']
      : []),
    ...(first === undefined
      ? []
      : [
          `It did not see ${variables.join(', ')}: "env: { ${first}: '\${env.${first}}' }" of the stage passes one on (docs/programs.md).`,
        ]),
  ];
}

/** What executing a task can fail with. */
export const failures = catalogue({
  commandFailed: {
    meaning: 'The command of a stage ended with another exit code than 0.',
    text: ({ exitCode, unseen }: { exitCode: number; unseen: Unseen }) => ({
      message: `the command ended with exit code ${exitCode}`,
      hint: ['What it printed is in the log of the task.', ...unseenHints(unseen)].join(' '),
    }),
    example: { exitCode: 3, unseen: { variables: ['PYTHONPATH'], gpus: 1 } },
  },
  figuresInvalid: {
    meaning: 'What a program wrote to an output of the kind `figures` does not hold figures.',
    text: ({ port, problem }: { port: string; problem: string }) => ({
      message: `output ${port} does not hold figures: ${problem}`,
      hint: 'Write a JSON object of numbers, and of lists of [step, value] for curves: { "accuracy": 0.93, "loss": [[10, 2.1], [20, 1.7]] }.',
    }),
    example: { port: 'metrics', problem: 'expected JSON' },
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
  diskFull: {
    meaning: 'The disk, or the quota of the user, was full while a task was prepared or its result stored.',
    text: ({ error }: { error: string }) => ({
      message: `there is no room left on the disk: ${error}`,
      hint: 'Make room (flow cache gc, flow rm) and run again.',
    }),
    example: { error: 'ENOSPC: no space left on device, write' },
  },
  systemError: {
    meaning: 'The system refused something while a task was prepared or its result stored.',
    text: ({ code, error }: { code: string; error: string }) => ({
      message: `the system refused what the task needs: ${error.includes(code) ? '' : `${code}: `}${error}`,
      hint: 'Look at the permissions and at the disk, and run again.',
    }),
    example: { code: 'EACCES', error: "EACCES: permission denied, mkdir 'runs/scratch'" },
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
  stageSyntax: {
    meaning: 'The module of a stage, or one that it imports, is not JavaScript that Node.js can load.',
    text: ({ error }: { error: string }) => ({
      message: `the code of the stage cannot be loaded: ${error}`,
      hint: 'Correct the line. Nothing of the stage has run.',
    }),
    example: { error: "Unexpected identifier 'error'" },
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
