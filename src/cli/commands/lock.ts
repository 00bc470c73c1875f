import { lockFileOf, writeLock } from '../../pipeline/record/input-lock.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, loadFrom, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { inputDigests } from '../locked-inputs.ts';
import { answer, inWorkspace } from '../workspace-option.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.option('--json', 'print JSON', false);
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const experiment = loadFrom(readExperimentOptions(call), workspace, surroundings);
      const inputs = await inputDigests(experiment, workspace);
      writeLock(experiment, inputs);
      const file = lockFileOf(experiment);
      const text = `${Object.keys(inputs).length} inputs of "${experiment.name}" are in ${file}`;
      answer(call, surroundings, { json: { file, inputs }, text });
      return exitCode.done;
    }),
};
