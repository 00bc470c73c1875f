import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { trainingEngine } from '../../kit/net/engines/choose-engine.ts';
import { modelFormatForWriting, modelFormatNamed, modelFormatOf } from '../../kit/net/exchange/choose-format.ts';
import { modelFormats } from '../../kit/net/exchange/index.ts';
import type { InputNormalization, ModelReadOptions, ModelWriteOptions } from '../../kit/net/exchange/model-format.ts';
import type { ConversionRequest } from '../conversion-request.ts';
import { conversionText } from '../conversion-text.ts';
import { convertElsewhere } from '../convert-elsewhere.ts';
import { engineRequest } from '../engine.ts';
import { exitCode } from '../exit-code.ts';
import type { Call, FlowCommand, ProcessContext } from '../flow-command.ts';
import { imageSize } from '../image-size.ts';

const names = Object.values(modelFormats)
  .map(({ name }) => name)
  .join(', ');

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<in>', 'a model: a folder, a file, or the prefix of a checkpoint')
      .argument('<out>', 'where to write it; its ending says the format (.onnx, .npz, -symbol.json, .caffemodel)')
      .option('--from <format>', `what <in> is, instead of what it looks like: ${names}`)
      .option('--to <format>', `what to write, instead of what the ending of <out> means: ${names}`)
      .option('--epoch <number>', 'of a checkpoint with several; the last one unless given')
      .option('--output <layer...>', 'layers whose values are the results, instead of those the file names')
      .option('--input <size>', 'channels x height x width of the images, where the file leaves it open: 3x112x112')
      .option('--mean <number>', 'taken off every pixel before the network sees it, where the file does not say so')
      .option(
        '--scale <number>',
        'factor after that; for what else the networks of today want: --mean 127.5 --scale 0.0078431',
      )
      .option('--color-order <order>', 'rgb or bgr: the order in which the network wants channels')
      .option('--normalization <place>', 'inside or outside of the written network, for formats that know both (caffe)')
      .option('--slim', 'drop classifier and loss: what only training needs', false)
      .option('--limit <share>', 'greatest difference that is accepted, as a share of the greatest value', '1e-4')
      .option('--json', 'print JSON', false);
  },

  async run(call, surroundings) {
    const request = requestOf(call, surroundings);
    const converted = await convertElsewhere(request, surroundings);
    const engine = `${request.engine.name} ${request.engine.version}`;
    const [given, target] = call.arguments.map(String);
    const heading = `${given ?? ''} (${request.from.format}) -> ${target ?? ''} (${request.to.format})`;
    const text =
      call.options['json'] === true
        ? JSON.stringify({ ...converted, engine }, null, 2)
        : [heading, ...conversionText(converted, engine)].join('\n');
    surroundings.stdout.write(`${text}\n`);
    return exitCode.done;
  },
};

function requestOf({ arguments: [given, target], options }: Call, surroundings: ProcessContext): ConversionRequest {
  const { workingFolder } = surroundings;
  const input = resolve(workingFolder, String(given));
  // A slash at the end means a folder, and `resolve` takes it off.
  const output = resolve(workingFolder, String(target)) + (String(target).endsWith('/') ? '/' : '');
  const from: unknown = options['from'];
  const to: unknown = options['to'];
  const source = typeof from === 'string' ? modelFormatNamed(from) : modelFormatOf(input);
  const format = typeof to === 'string' ? modelFormatNamed(to) : modelFormatForWriting(output);
  const asked = engineRequest(surroundings);
  return {
    from: { format: source.name, path: input, options: readOptions(options) },
    to: {
      format: format.name,
      path: output.endsWith('/') ? join(output, format.standardName) : output,
      options: writeOptions(options),
    },
    slim: options['slim'] === true,
    limit: limitOf(options),
    seed: 1,
    // What onnxruntime gives is compared in any case; layers of other formats it does not compute.
    engine: trainingEngine(asked === 'onnxruntime' ? undefined : asked).identity,
    workingFolder,
    threads: availableParallelism(),
  };
}

function readOptions(options: Call['options']): ModelReadOptions {
  const epoch = epochOf(options);
  const outputs: unknown = options['output'];
  const input = imageSize(options['input']);
  const normalization = normalizationOf(options);
  return {
    ...(epoch === undefined ? {} : { epoch }),
    ...(Array.isArray(outputs) ? { outputs: outputs.map(String) } : {}),
    ...(input === undefined ? {} : { input }),
    ...(normalization === undefined ? {} : { normalization }),
  };
}

function writeOptions(options: Call['options']): ModelWriteOptions {
  const place: unknown = options['normalization'];
  if (place === undefined) return {};
  if (place === 'inside' || place === 'outside') return { normalization: place };
  return refuse('normalization', 'inside or outside', place);
}

function normalizationOf(options: Call['options']): InputNormalization | undefined {
  const [mean, scale] = [numberOf(options, 'mean'), numberOf(options, 'scale')];
  const order: unknown = options['colorOrder'];
  if (mean === undefined && scale === undefined && order === undefined) return undefined;
  if (order !== undefined && order !== 'rgb' && order !== 'bgr') return refuse('color-order', 'rgb or bgr', order);
  return { mean: mean ?? 0, scale: scale ?? 1, colorOrder: order ?? 'rgb' };
}

function limitOf(options: Call['options']): number {
  const limit = numberOf(options, 'limit') ?? 0;
  return limit >= 0 ? limit : refuse('limit', 'a number of at least 0', options['limit']);
}

function epochOf(options: Call['options']): number | undefined {
  const epoch = numberOf(options, 'epoch');
  if (epoch === undefined || (Number.isInteger(epoch) && epoch >= 0)) return epoch;
  return refuse('epoch', 'a whole number of at least 0', options['epoch']);
}

function numberOf(options: Call['options'], name: string): number | undefined {
  const text: unknown = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : refuse(name, 'a number', text);
}

function refuse(name: string, expected: string, found: unknown): never {
  fail({ code: 'wrong-option', message: `expected --${name} to be ${expected}, found ${JSON.stringify(found)}` });
}
