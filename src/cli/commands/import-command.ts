import { mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { packageFolder } from '../../core/package-folder.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';
import { importedTraining } from '../imported-training.ts';
import { readTrainCall } from '../train-options.ts';
import { writeNew } from '../write-new.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<command>', "a call of train_softmax.py or train.py, in quotes: 'CUDA_VISIBLE_DEVICES=0,1 python ...'")
      .argument('[file]', 'the file to write; <name of the folder of --prefix>.yaml unless given')
      .option('--json', 'print JSON', false);
  },

  run({ arguments: [line, file], options }, { workingFolder, stdout }) {
    const { name, remarks, content } = importedTraining(readTrainCall(String(line)));
    const path = resolve(workingFolder, file === undefined ? `${name}.yaml` : String(file));
    const schema = relative(dirname(path), join(packageFolder(), 'schemas/experiment.schema.json'));
    const comments = ['', String(line), ...(remarks.length === 0 ? [] : ['', ...remarks])];
    const head = comments
      .map((comment) => `#${comment === '' ? '' : ` ${comment.replaceAll(/\s+/g, ' ')}`}\n`)
      .join('');
    const written = { name, summary: 'A training of the 2018 system', ...content };
    mkdirSync(dirname(path), { recursive: true });
    const experiment = `# yaml-language-server: $schema=${schema}\n${head}${stringify(written, { lineWidth: 0 })}`;
    writeNew(path, experiment, "flow import-command '...' FILE");
    const shown = relative(workingFolder, path);
    const text = `wrote ${shown}\n  flow check ${shown}    what is wrong with it\n  flow run ${shown}      do it`;
    stdout.write(`${options['json'] === true ? JSON.stringify({ file: path }) : text}\n`);
    return Promise.resolve(exitCode.done);
  },
};
