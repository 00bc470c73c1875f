import { resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { defaultLimit } from '../../kit/inspect/inspect-path.ts';
import { outlineSvg } from '../../kit/net/graph/outline/outline-svg.ts';
import { failures } from '../failures.ts';
import { type Inspected, inspectNetworks } from '../inspect-networks.ts';
import { renderInspectionPage } from '../../kit/inspect/inspection-page.ts';
import { inspectionJson, renderInspection } from '../../kit/inspect/inspection-text.ts';
import { outlineEntries, outlineTable } from '../../kit/net/graph/outline/outline-table.ts';
import { imageSize, exitCode, showsColour, type FlowCommand } from '../flow-command.ts';
import { textTable } from '../../core/text/text-table.ts';
import { terminalText } from '../../core/text/paint.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', 'files or folders: packed sets, verification sets, lists, models, weights, images ...')
      .option('--json', 'print JSON', false)
      .option('--html <file>', 'write a page with the facts and a contact sheet of images (one path)')
      .option('--limit <images>', 'how many images to look at', String(defaultLimit))
      .option('--all', 'look at every image; show every layer of a network instead of its units', false)
      .option('--input <size>', 'channels x height x width of the images of a model that leaves it open: 3x112x112')
      .option('--svg <file>', 'write an image of the network (one path, a model of any format)');
  },

  async run({ arguments: [paths], options }, { workingFolder, stdout, environment }) {
    const all = Array.isArray(paths) ? paths.map(String) : [];
    const everyLayer = options['all'] === true;
    const limit = everyLayer ? Infinity : limitOf(options['limit']);
    const svg: unknown = options['svg'];
    const input = imageSize(options['input']);
    const named: Inspected[] = [];
    for (const path of all) {
      const place = resolve(workingFolder, path);
      const inspected = await inspectNetworks(place, { limit, input, mustBeNetwork: typeof svg === 'string' });
      // As it was given, and what names one of several networks in it.
      named.push(...inspected.map((each) => ({ ...each, path: path + each.path.slice(place.length) })));
    }
    if (typeof svg === 'string') checkOne(named);
    const [first] = named;
    if (options['json'] === true) {
      const json = named.map(({ network, ...inspection }) => ({
        ...inspectionJson(inspection),
        ...(network === undefined ? {} : { layers: outlineEntries(network, everyLayer) }),
      }));
      stdout.write(`${JSON.stringify(json.length === 1 ? json[0] : json, null, 2)}\n`);
    } else {
      const colour = showsColour(stdout, environment);
      const texts = named.map(({ network, ...inspection }) => {
        const text = renderInspection(inspection, colour);
        return network === undefined ? text : `${text}\n\n${textTable(outlineTable(network, everyLayer)).join('\n')}`;
      });
      stdout.write(`${terminalText(texts.join('\n\n'), colour)}\n`);
    }
    const page: unknown = options['html'];
    if (typeof page === 'string' && first !== undefined) {
      writeFileAtomic(resolve(workingFolder, page), renderInspectionPage(first));
      if (options['json'] !== true) stdout.write(`\n${page} shows ${String(first.samples.length)} images.\n`);
    }
    if (typeof svg === 'string' && first?.network !== undefined) {
      writeFileAtomic(resolve(workingFolder, svg), outlineSvg(first.network, first.path));
      if (options['json'] !== true) stdout.write(`\n${svg} shows the network.\n`);
    }
    return named.some(({ damage }) => damage.length > 0) ? exitCode.taskFailed : exitCode.done;
  },
};

function checkOne(inspected: readonly Inspected[]): void {
  if (inspected.length !== 1) fail(failures.severalNetworks({ paths: inspected.map(({ path }) => path) }));
}

function limitOf(value: unknown): number {
  const limit = Number(value);
  if (Number.isInteger(limit) && limit >= 0) return limit;
  return fail(failures.wrongOption({ option: '--limit', expected: 'an integer of at least 0', found: value }));
}
