import { Option } from 'commander';
import { fail } from '../../core/failure.ts';
import { factsOf, findRun } from '../../pipeline/record/find-run.ts';
import type { FlowDatabase } from '../../pipeline/record/open-database.ts';
import { listRuns, runOf, tasksOf } from '../../pipeline/record/past-runs.ts';
import { figuresOf } from '../../pipeline/record/run-details.ts';
import { compareRuns, onlyDifferences, type ComparedRun } from '../../pipeline/console/compare-runs.ts';
import { comparisonCsv, comparisonJson, comparisonTable } from '../../pipeline/console/comparison-text.ts';
import { paintWith, terminalText } from '../../core/text/paint.ts';
import { failures } from '../failures.ts';
import { exitCode, showsColour, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument(
        '<runs...>',
        'ids of runs (or how they begin), or experiments for their last runs; of one, it and the run before it',
      )
      .option('--all', 'also what is the same', false)
      .addOption(new Option('--csv', 'print comma-separated values').conflicts('json').default(false));
  },
  run: (call, context) =>
    inWorkspace(call, context, async ({ database, cache }) => {
      const names = call.arguments[0] as readonly string[];
      const { all, csv, json } = call.options as { all: boolean; csv: boolean; json: boolean };
      const ids = names.map((name) => findRun(database, name));
      const [only = '', ...others] = ids;
      const compared = others.length === 0 ? [runBefore(database, only), only] : ids;
      const whole = compareRuns(compared.map((id) => comparedRun(database, id)));
      const comparison = all ? whole : onlyDifferences(whole);
      const { stdout, environment } = context;
      if (csv) {
        stdout.write(comparisonCsv(comparison));
        return exitCode.done;
      }
      const { differenceTexts, pairedDifferences } = await import('../paired-differences.ts');
      const [first, second, ...further] = compared.map((id) => tasksOf(database, id));
      const differences = first && second && further.length === 0 ? pairedDifferences(cache, first, second) : [];
      if (json) stdout.write(`${JSON.stringify({ ...comparisonJson(comparison), differences }, null, 2)}\n`);
      else {
        const colour = showsColour(stdout, environment);
        const paint = paintWith(colour);
        const verdicts =
          differences.length === 0
            ? []
            : [paint.dim('on the same pairs, 95 % intervals'), ...differences.flatMap(differenceTexts)];
        stdout.write(`${terminalText([...comparisonTable(comparison, paint), ...verdicts].join('\n'), colour)}\n`);
      }
      return exitCode.done;
    }),
};

/** The run of the same experiment that was recorded before a run. */
function runBefore(database: FlowDatabase, id: string): string {
  const { experiment } = runOf(database, id);
  const runs = listRuns(database, { experiment, limit: -1 }).map((run) => run.id);
  return runs[runs.indexOf(id) + 1] ?? fail(failures.nothingToCompare({ run: id, experiment }));
}

function comparedRun(database: FlowDatabase, id: string): ComparedRun {
  return {
    facts: factsOf(database, id),
    outcome: runOf(database, id).outcome,
    tasks: tasksOf(database, id),
    figures: figuresOf(database, id),
  };
}
