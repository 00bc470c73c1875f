import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../core/atomic-file.ts';
import { digestOf } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import { loadEmbedder } from '../../embedding/embedder.ts';
import { defaultModel } from '../../embedding/default-model.ts';
import { usualTemplate } from '../../embedding/face-template.ts';
import { readRecord, requireOwnRecord } from '../../embedding/threshold.ts';
import { conversionLines } from '../../kit/net/conversion/convert-by-name.ts';
import { trainingEngine, layerEngine } from '../../kit/net/engines/choose-engine.ts';
import {
  modelFormatNamed,
  modelFormatOf,
  requireWritten,
  writtenFormatNames,
} from '../../kit/net/exchange/choose-format.ts';
import { isJsonObject } from '../../kit/codec/json-text.ts';
import { readBytes } from '../../kit/codec/read-file.ts';
import type { SharedPeople } from '../../kit/face/shared-people.ts';
import { requireFolderPlace } from '../output-files.ts';
import { failures } from '../failures.ts';
import { answer, exitCode, type FlowCommand } from '../flow-command.ts';
import { modelCard } from '../model-card.ts';
import { engineOverride } from '../planned-experiment.ts';
import { convertElsewhere } from './convert.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<folder>', 'where to write the model and its card; an empty folder, or none')
      .option('--model <path>', 'the embedding network, of any format (default: the one that comes with faceflow)')
      .option('--to <format>', `the format to write: ${writtenFormatNames.join(', ')}`, 'onnx')
      .option('--record <file>', 'verification.json of the stage verify, of this model, for figures and thresholds')
      .option(
        '--training <file>',
        'log.json of the stage train that made the model, for people shared with validation sets',
      )
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const { model, to, record, training } = call.options as {
      readonly training?: string;
      readonly model?: string;
      readonly to: string;
      readonly record?: string;
    };
    const path = model === undefined ? defaultModel() : resolve(context.workingFolder, model);
    const folder = resolve(context.workingFolder, String(call.arguments[0]));
    requireEmpty(folder);
    requireFolderPlace('the folder', folder);
    const format = modelFormatNamed(to);
    requireWritten(format);
    const results = record === undefined ? [] : readRecord(resolve(context.workingFolder, record));
    const sharedPeople = training === undefined ? undefined : readPeople(resolve(context.workingFolder, training));
    const source = modelFormatOf(path);
    await using embedder = await loadEmbedder({ model: path, threads: 1 });
    const { size, embeddingSize, licences } = embedder;
    const others = results.find((result) => result.embeddingSize !== embeddingSize);
    if (others !== undefined) {
      const found = `a record of vectors of ${others.embeddingSize} numbers`;
      fail(failures.wrongOption({ option: '--record', expected: `one of vectors of ${embeddingSize} numbers`, found }));
    }
    if (record !== undefined) {
      context.stderr.write(`warning: ${requireOwnRecord(resolve(context.workingFolder, record), embedder)}\n`);
    }
    makeOwnFolder(folder);
    const asked = engineOverride(context);
    const engine = trainingEngine(layerEngine(asked)).identity;
    const converted = await convertElsewhere(
      {
        from: { format: source.name, path, options: {} },
        to: { format: format.name, path: join(folder, format.standardName), options: {} },
        ...{ slim: true, limit: 1e-4, seed: 1, engine, threads: availableParallelism() },
      },
      context,
    );
    // The folder was empty: what is in it now is what the format consists of.
    const files = readdirSync(folder).map((name) => ({ name, sha256: digestOf(readFileSync(join(folder, name))) }));
    const facts = {
      ...{ name: basename(path), files, embeddingSize, licences, results, sharedPeople },
      input: { ...size, template: usualTemplate(size) },
      ...{ layers: converted.layers, parameterCount: converted.parameterCount },
      comparison: conversionLines(converted, engine),
      origin: source.read(path, {}).origin,
    };
    const card = join(folder, cardName);
    writeFileAtomic(card, modelCard(facts));
    answer(call, context, {
      json: { folder, card, files },
      text: [...files.map(({ name }) => join(folder, name)), card].join('\n'),
    });
    return exitCode.done;
  },
};

/** Fails with `folder-not-empty` unless a model can be written there without touching anything. */
function requireEmpty(folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) fail(failures.folderNotEmpty({ folder, found: 'a file' }));
  const [first] = readdirSync(folder).sort();
  if (first !== undefined) fail(failures.folderNotEmpty({ folder, found: `one with ${first}` }));
}

/** Of the log of the stage train. Fails with `wrong-option`. */
function readPeople(file: string): readonly SharedPeople[] {
  const refuse = (found: string): never =>
    fail(failures.wrongOption({ option: '--training', expected: 'a log.json of the stage train', found }));
  let log: unknown;
  try {
    log = JSON.parse(readBytes(file, 'log').toString('utf8'));
  } catch {
    return refuse(file);
  }
  if (!isJsonObject(log) || log['format'] !== 'faceflow-log') return refuse(file);
  const { people = [] } = log;
  return Array.isArray(people) && people.every(isSharedPeople) ? people : refuse(file);
}

function isSharedPeople(value: unknown): value is SharedPeople {
  return isJsonObject(value) && typeof value['set'] === 'string' && Array.isArray(value['equalIdentities']);
}

const cardName = 'MODEL_CARD.md';
