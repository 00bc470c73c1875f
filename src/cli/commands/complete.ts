import { candidates } from '../completion-candidates.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';

/** Called by the scripts of `flow completion` with the line up to the cursor; prints one candidate a line. */
export const command: FlowCommand = {
  declare(command) {
    command.argument('<line>', 'the command line up to the cursor');
  },
  async run(call, surroundings) {
    const found = await candidates(String(call.arguments[0]), surroundings);
    if (found.length > 0) surroundings.stdout.write(`${found.join('\n')}\n`);
    return exitCode.done;
  },
};
