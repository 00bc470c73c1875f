import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command.argument('[file]', 'the experiment');
  },
  run() {
    return Promise.resolve(exitCode.done);
  },
};
