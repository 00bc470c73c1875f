import { humanDuration } from '../../core/human.ts';
import { closeKilledRuns, listRuns, type PastRun } from '../../pipeline/record/past-runs.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { textTable } from '../../core/text/text-table.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';
import { wholeNumber } from '../run-options.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('[experiment]', 'only runs of this experiment')
      .option('--limit <n>', 'how many, the latest first', wholeNumber(1), 30);
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, ({ database }) => {
      closeKilledRuns(database);
      const experiment = call.arguments[0] as string | undefined;
      const runs = listRuns(database, { experiment, limit: call.options['limit'] as number });
      const text = runs.length === 0 ? 'no runs' : textTable(runs.map(row)).join('\n');
      answer(call, surroundings, { json: { runs }, text });
      return exitCode.done;
    }),
};

function row({ id, outcome, startedAt, durationMs }: PastRun): string[] {
  const started = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ');
  return [id, outcome, `${started} UTC`, durationMs === null ? '' : humanDuration(durationMs)];
}
