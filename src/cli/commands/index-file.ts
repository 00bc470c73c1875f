import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { encodeIndex } from '../../kit/codec/mxnet/index-file.ts';
import { packedFiles, propertyFile } from '../../kit/codec/insightface/property-file.ts';
import { RecordFile } from '../../kit/codec/mxnet/record-file.ts';
import { deriveProperty } from '../../kit/dataset/derive-property.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', '.rec files, or folders that hold a train.rec')
      .option('--force', 'write the index again if there is one', false)
      .option('--property', 'write the property file instead, from the labels and the first image', false)
      .option('--json', 'print JSON, a line per index', false);
  },

  run({ arguments: [paths], options }, { workingFolder, stdout }) {
    for (const written of Array.isArray(paths) ? paths.map(String) : []) {
      const records = recordsOf(resolve(workingFolder, written));
      if (options['property'] === true) {
        stdout.write(`${writeProperty(records, options)}\n`);
        continue;
      }
      const index = records.replace(/\.rec$/, '.idx');
      if (existsSync(index) && options['force'] !== true) fail(failures.indexExists({}, { file: index }));
      const file = new RecordFile(records);
      try {
        const rebuilt = file.buildIndex();
        writeFileAtomic(index, encodeIndex(rebuilt));
        const text = `${index}: ${String(rebuilt.size)} records`;
        stdout.write(`${options['json'] === true ? JSON.stringify({ index, records: rebuilt.size }) : text}\n`);
      } finally {
        file.close();
      }
    }
    return Promise.resolve(exitCode.done);
  },
};

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
