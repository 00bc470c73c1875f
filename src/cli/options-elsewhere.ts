import { type Command, CommanderError } from 'commander';

/** A wrong option, with what to type instead. */
export class HintedError extends CommanderError {
  readonly hint: string | undefined;

  constructor({ exitCode, code, message }: CommanderError) {
    super(exitCode, code, message);
    this.hint = hintOf(message);
  }
}

/** Has a command that takes an experiment tell where the options of training scripts have gone. */
export function hintAtElsewhere(command: Command): void {
  command
    .exitOverride((error) => {
      throw new HintedError(error);
    })
    .configureOutput({
      outputError: (text, write) => {
        const hint = hintOf(text);
        // The suggestion of a name that looks alike would be wrong.
        write(hint === undefined ? text : `${text.split('\n', 1).join()}\n${hint}\n`);
      },
    });
}

const setsGpus = 'GPUs are asked for by the stage that uses them: --set stages.STAGE.resources.gpus=1.';
const setsParams = 'A parameter of a stage is set by --set stages.STAGE.with.NAME=VALUE; flow stages STAGE lists them.';

/** Options of training scripts, which here are no options of a command: what to type instead. */
const optionsElsewhere: readonly (readonly [RegExp, string])[] = [
  [/^(gpus?|num-gpus|devices?|cuda)$/, setsGpus],
  [
    /^(lr|learning-rate|epochs?|num-epochs?|max-steps?|(per-)?batch(-size)?|seed|network|loss|margin|data(-dir)?)$/,
    setsParams,
  ],
];

function hintOf(problem: string): string | undefined {
  const option = /unknown option '--?([^'=]+)/.exec(problem)?.[1] ?? '';
  return optionsElsewhere.find(([words]) => words.test(option.replaceAll('_', '-')))?.[1];
}
