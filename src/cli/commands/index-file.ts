import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { counted } from '../../core/human.ts';
import { encodeIndex, RecordIndex } from '../../kit/codec/mxnet/index-file.ts';
import { packedFiles, propertyFile } from '../../kit/codec/insightface/property-file.ts';
import { RecordFile } from '../../kit/codec/mxnet/record-file.ts';
import { surveyRecords } from '../../kit/codec/mxnet/survey-records.ts';
import { deriveProperty, deriveReadableProperty } from '../../kit/dataset/derive-property.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', '.rec files, or folders that hold a train.rec')
      .option('--force', 'write the index again if there is one', false)
      .option('--property', 'write the property file instead, from the labels and the first image', false)
      .option(
        '--lax',
        'pass over what cannot be read, and name it; the index or the property file is of the other records',
        false,
      )
      .option('--json', 'print JSON, a line per index', false);
  },

  run({ arguments: [paths], options }, { workingFolder, stdout, stderr }) {
    for (const written of Array.isArray(paths) ? paths.map(String) : []) {
      const records = recordsOf(resolve(workingFolder, written));
      if (options['property'] === true) {
        stdout.write(`${writeProperty(records, { options, stderr })}\n`);
        continue;
      }
      const index = records.replace(/\.rec$/, '.idx');
      if (existsSync(index) && options['force'] !== true) fail(failures.indexExists({}, { file: index }));
      stdout.write(`${writeIndex(records, index, { options, stderr })}\n`);
    }
    return Promise.resolve(exitCode.done);
  },
};

interface Printing {
  readonly options: Readonly<Record<string, unknown>>;
  readonly stderr: { write(text: string): unknown };
}

/** Returns what to print. With `--lax`, what cannot be read is named on the standard error. */
function writeIndex(records: string, index: string, { options, stderr }: Printing): string {
  const file = new RecordFile(records);
  try {
    const isLax = options['lax'] === true;
    const damage = new LeftOutNames(records, stderr);
    const rebuilt = isLax ? readableIndex(file, damage) : file.buildIndex();
    const { size } = rebuilt;
    if (size === 0) fail(failures.noReadableRecord({ places: damage.count, first: damage.first }, { file: records }));
    writeFileAtomic(index, encodeIndex(rebuilt));
    if (options['json'] === true)
      return JSON.stringify({ index, records: size, ...(isLax ? { damaged: damage.count } : {}) });
    return `${index}: ${String(size)} records${isLax ? `, ${counted(damage.count, 'damaged place')} left out` : ''}`;
  } finally {
    file.close();
  }
}

/** Names what is left out, and counts it. */
class LeftOutNames {
  count = 0;
  /** The first, in words. */
  first: string | undefined;
  readonly #records: string;
  readonly #output: Printing['stderr'];

  constructor(records: string, output: Printing['stderr']) {
    this.#records = records;
    this.#output = output;
  }

  add(what: string): void {
    this.count += 1;
    this.first ??= what;
    this.#output.write(`${this.#records}: left out ${what}\n`);
  }
}

function readableIndex(file: RecordFile, damage: LeftOutNames): RecordIndex {
  const index = new RecordIndex();
  for (const each of surveyRecords(file)) {
    if (each.found === 'record') index.add(file.readAt(each.offset).id, each.offset);
    else damage.add(`bytes ${String(each.start)} to ${String(each.end)}: ${each.problem}`);
  }
  return file.withOwnIds(index);
}

/** Reads every record once; of a set that says nothing of its images. Returns what to print. */
function writeProperty(records: string, { options, stderr }: Printing): string {
  const property = join(dirname(records), packedFiles.property);
  if (existsSync(property) && options['force'] !== true) fail(failures.propertyExists({}, { file: property }));
  const file = new RecordFile(records);
  try {
    const isLax = options['lax'] === true;
    const damage = new LeftOutNames(records, stderr);
    const found = isLax
      ? deriveReadableProperty(file, (what) => {
          damage.add(what);
        })
      : deriveProperty(file);
    if (found === undefined) {
      return fail(failures.noReadableRecord({ places: damage.count, first: damage.first }, { file: records }));
    }
    writeFileAtomic(property, propertyFile.encode(found));
    const { identities, height, width } = found;
    if (options['json'] === true)
      return JSON.stringify({ property, identities, height, width, ...(isLax ? { unreadable: damage.count } : {}) });
    const left = isLax ? `, ${counted(damage.count, 'unreadable record')} left out` : '';
    return `${property}: ${identities} identities, ${height} x ${width}${left}`;
  } finally {
    file.close();
  }
}

function recordsOf(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const records = isFolder ? join(path, packedFiles.records) : path;
  if (records.endsWith('.rec')) return records;
  return fail(failures.noRecords({ path }));
}
