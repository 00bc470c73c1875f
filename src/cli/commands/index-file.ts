import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { encodeIndex } from '../../kit/codec/mxnet/index-file.ts';
import { packedFiles } from '../../kit/codec/insightface/property-file.ts';
import { RecordFile } from '../../kit/codec/mxnet/record-file.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<path...>', '.rec files, or folders that hold a train.rec')
      .option('--force', 'write the index again if there is one', false)
      .option('--json', 'print JSON, a line per index', false);
  },

  run({ arguments: [paths], options }, { workingFolder, stdout }) {
    for (const written of Array.isArray(paths) ? paths.map(String) : []) {
      const records = recordsOf(resolve(workingFolder, written));
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

function recordsOf(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const records = isFolder ? join(path, packedFiles.records) : path;
  if (records.endsWith('.rec')) return records;
  return fail(failures.noRecords({ path }));
}
