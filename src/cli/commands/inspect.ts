import { resolve } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { fail } from '../../base/failure.ts';
import { defaultLimit, inspectPath } from '../../format/inspect/inspect-path.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { renderInspectionPage } from '../inspection-page.ts';
import { inspectionJson, renderInspection } from '../inspection-text.ts';
import { showsColour } from '../shows-colour.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', 'files or folders: packed sets, verification sets, lists, weights, pictures ...')
      .option('--json', 'print JSON', false)
      .option('--html <file>', 'write a page with the facts and a contact sheet of pictures (one path)')
      .option('--limit <pictures>', 'how many pictures to look at', String(defaultLimit))
      .option('--all', 'look at every picture', false);
  },

  async run({ arguments: [paths], options }, { workingFolder, stdout, environment }) {
    const all = Array.isArray(paths) ? paths.map(String) : [];
    const limit = options['all'] === true ? Infinity : limitOf(options['limit']);
    const inspections = [];
    for (const path of all) inspections.push(await inspectPath(resolve(workingFolder, path), limit));
    const named = inspections.map((inspection, index) => ({ ...inspection, path: all[index] ?? inspection.path }));
    const [first] = named;
    if (options['json'] === true) {
      const json = named.map(inspectionJson);
      stdout.write(`${JSON.stringify(json.length === 1 ? json[0] : json, null, 2)}\n`);
    } else {
      const colour = showsColour(stdout, environment);
      stdout.write(`${named.map((inspection) => renderInspection(inspection, colour)).join('\n\n')}\n`);
    }
    const page: unknown = options['html'];
    if (typeof page === 'string' && first !== undefined) {
      writeFileAtomic(resolve(workingFolder, page), renderInspectionPage(first));
      if (options['json'] !== true) stdout.write(`\n${page} shows ${String(first.samples.length)} pictures.\n`);
    }
    return named.some(({ damage }) => damage.length > 0) ? exitCode.taskFailed : exitCode.done;
  },
};

function limitOf(value: unknown): number {
  const limit = Number(value);
  if (Number.isInteger(limit) && limit >= 0) return limit;
  return fail({
    code: 'wrong-option',
    message: `expected --limit to be a whole number, found ${JSON.stringify(value)}`,
  });
}
