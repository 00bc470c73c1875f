import { inputDigests, lockFileOf, writeLock } from '../../pipeline/record/input-lock.ts';
import {
  answer,
  exitCode,
  type FlowCommand,
  declareExperimentOptions,
  readExperimentOptions,
} from '../flow-command.ts';
import { loadFrom } from '../planned-experiment.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.option('--json', 'print JSON', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const experiment = loadFrom(readExperimentOptions(call), workspace, context);
      const inputs = await inputDigests(experiment, workspace.digests);
      writeLock(experiment, inputs);
      const file = lockFileOf(experiment);
      const text = `${Object.keys(inputs).length} inputs of "${experiment.name}" are in ${file}`;
      answer(call, context, { json: { file, inputs }, text });
      return exitCode.done;
    }),
};
