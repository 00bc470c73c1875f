import { findRun } from '../../pipeline/record/find-run.ts';
import { curvesOf, figuresOf } from '../../pipeline/record/run-details.ts';
import { figureText, figureValue } from '../../pipeline/console/figure-text.ts';
import { textTable } from '../../core/text/text-table.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('[run]', 'id of a run (or how it begins), or an experiment for its last run', 'latest')
      .option('--task <task>', 'only of this task')
      .option('--curve <name>', 'every point of this curve instead of the final figures');
  },
  run: (call, context) =>
    inWorkspace(call, context, ({ database }) => {
      const { task: only, curve } = call.options as { task?: string; curve?: string };
      const run = findRun(database, String(call.arguments[0]));
      const isMeant = ({ task }: { readonly task: string }): boolean => only === undefined || only === task;
      if (curve === undefined) {
        const figures = figuresOf(database, run).filter(isMeant);
        const rows = figures.map(({ task, name, value }) => [task, figureText(name, value)]);
        answer(call, context, {
          json: { run, figures },
          text: rows.length === 0 ? 'no figures' : textTable(rows).join('\n'),
        });
      } else {
        const points = curvesOf(database, run).filter((point) => isMeant(point) && point.name === curve);
        const rows = points.map(({ task, step, value }) => [task, String(step), figureValue(value)]);
        answer(call, context, {
          json: { run, points },
          text: rows.length === 0 ? 'no points' : textTable(rows).join('\n'),
        });
      }
      return exitCode.done;
    }),
};
