import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { counted } from '../../core/human.ts';
import { encodeIndex, RecordIndex } from '../../kit/codec/mxnet/index-file.ts';
import { packedFiles, propertyFile } from '../../kit/codec/insightface/property-file.ts';
import { RecordFile } from '../../kit/codec/mxnet/record-file.ts';
import { surveyRecords } from '../../kit/codec/mxnet/survey-records.ts';
import { deriveProperty } from '../../kit/dataset/derive-property.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', '.rec files, or folders that hold a train.rec')
      .option('--force', 'write the index again if there is one', false)
      .option('--property', 'write the property file instead, from the labels and the first image', false)
      .option('--lax', 'pass over what cannot be read, and name it; the index leads to the other records', false)
      .option('--json', 'print JSON, a line per index', false);
  },

  run({ arguments: [paths], options }, { workingFolder, stdout, stderr }) {
    for (const written of Array.isArray(paths) ? paths.map(String) : []) {
      const records = recordsOf(resolve(workingFolder, written));
      if (options['property'] === true) {
        stdout.write(`${writeProperty(records, options)}\n`);
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
    let damaged = 0;
    const rebuilt = isLax
      ? readableIndex(file, (damage) => {
          damaged += 1;
          stderr.write(`${records}: left out ${damage}\n`);
        })
      : file.buildIndex();
    writeFileAtomic(index, encodeIndex(rebuilt));
    const { size } = rebuilt;
    if (options['json'] === true) return JSON.stringify({ index, records: size, ...(isLax ? { damaged } : {}) });
    return `${index}: ${String(size)} records${isLax ? `, ${counted(damaged, 'damaged place')} left out` : ''}`;
  } finally {
    file.close();
  }
}

function readableIndex(file: RecordFile, onDamage: (damage: string) => void): RecordIndex {
  const index = new RecordIndex();
  for (const each of surveyRecords(file)) {
    if (each.found === 'record') index.add(file.readAt(each.offset).id, each.offset);
    else onDamage(`bytes ${String(each.start)} to ${String(each.end)}: ${each.problem}`);
  }
  return file.withOwnIds(index);
}

/** Reads every record once; of a set that says nothing of its images. Returns what to print. */
function writeProperty(records: string, options: Readonly<Record<string, unknown>>): string {
  const property = join(dirname(records), packedFiles.property);
  if (existsSync(property) && options['force'] !== true) fail(failures.propertyExists({}, { file: property }));
  const file = new RecordFile(records);
  try {
    const found = deriveProperty(file);
    writeFileAtomic(property, propertyFile.encode(found));
    const { identities, height, width } = found;
    if (options['json'] === true) return JSON.stringify({ property, identities, height, width });
    return `${property}: ${identities} identities, ${height} x ${width}`;
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
