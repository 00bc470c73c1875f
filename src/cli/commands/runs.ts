import { humanDuration } from '../../core/human.ts';
import { closeKilledRuns, listRuns, type PastRun } from '../../pipeline/record/past-runs.ts';
import { textTable } from '../../core/text/text-table.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions, integerOption } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('[experiment]', 'only runs of this experiment')
      .option('--limit <n>', 'how many, the latest first', integerOption('--limit', 1), 30);
  },
  run: (call, context) =>
    inWorkspace(call, context, ({ database }) => {
      closeKilledRuns(database);
      const experiment = call.arguments[0] as string | undefined;
      const runs = listRuns(database, { experiment, limit: call.options['limit'] as number });
      const text = runs.length === 0 ? 'no runs' : textTable(runs.map(row)).join('\n');
      answer(call, context, { json: { runs }, text });
      return exitCode.done;
    }),
};

function row({ id, outcome, startedAt, durationMs }: PastRun): string[] {
  const started = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ');
  return [id, outcome, `${started} UTC`, durationMs === null ? '' : humanDuration(durationMs)];
}
