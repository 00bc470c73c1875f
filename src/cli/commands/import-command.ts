import { dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { makeOwnFolder } from '../../core/atomic-file.ts';
import { fail, FailureError, throwIfAny } from '../../core/failure.ts';
import { packageFolder } from '../../core/package-folder.ts';
import { foreseenFailures } from '../../pipeline/execute/check-inputs.ts';
import { loadExperiment } from '../../pipeline/experiment/load-experiment.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import { importedTraining } from '../imported-training.ts';
import { beforeAnyRan } from '../planned-experiment.ts';
import { readTrainCall } from '../train-options.ts';
import { stageFolders } from '../workspace.ts';
import { writeNew } from '../write-new.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<command>', "a call of train_softmax.py or train.py, in quotes: 'CUDA_VISIBLE_DEVICES=0,1 python ...'")
      .argument('[file]', 'the file to write; <name of the folder of --prefix>.yaml unless given')
      .option('--json', 'print JSON', false);
  },

  async run({ arguments: [line, file], options }, context) {
    const { workingFolder, stdout } = context;
    const { name, remarks, content } = importedTraining(readTrainCall(String(line)));
    const path = resolve(workingFolder, file === undefined ? `${name}.yaml` : String(file));
    const schema = relative(dirname(path), join(packageFolder(), 'schemas/experiment.schema.json'));
    const comments = ['', String(line), ...(remarks.length === 0 ? [] : ['', ...remarks])];
    const head = comments
      .map((comment) => `#${comment === '' ? '' : ` ${comment.replaceAll(/\s+/g, ' ')}`}\n`)
      .join('');
    const written = { name, summary: 'A training of the 2018 system', ...content };
    const experiment = `# yaml-language-server: $schema=${schema}\n${head}${stringify(written, { lineWidth: 0 })}`;
    await requireExperiment(path, experiment, context);
    makeOwnFolder(dirname(path));
    writeNew(path, experiment, "flow import-command '...' FILE");
    const shown = relative(workingFolder, path);
    const text = `wrote ${shown}\n  flow check ${shown}    what is wrong with it\n  flow run ${shown}      do it`;
    stdout.write(`${options['json'] === true ? JSON.stringify({ file: path }) : text}\n`);
    return exitCode.done;
  },
};

/** Fails with `not-a-training-here` where `flow check` would find a mistake in what is to be written, but for data that are not there. */
async function requireExperiment(file: string, text: string, context: ProcessContext): Promise<void> {
  try {
    const { tasks } = loadExperiment({
      file,
      texts: new Map([[file, text]]),
      workspace: dirname(file),
      overrides: [],
      environment: context.environment,
      stageFolders: stageFolders(),
      allowMissingInputs: true,
    });
    throwIfAny(await foreseenFailures(tasks, beforeAnyRan(context)));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const [{ message }] = error.failures;
    fail(failures.notATrainingHere({ problem: message }), error);
  }
}
