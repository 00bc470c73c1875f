import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fail, FailureError } from '../../core/failure.ts';
import { compiledModule } from '../../core/package-folder.ts';
import { isStartupNoise } from '../../kit/net/backends/tensorflow/startup-log.ts';
import { conversionLines, type ConversionRequest } from '../../kit/net/conversion/convert-by-name.ts';
import type { ConvertedModel } from '../../kit/net/conversion/convert-model.ts';
import { trainingEngine, layerEngine } from '../../kit/net/engines/choose-engine.ts';
import { tensorflowEnvironment } from '../../kit/net/engines/engine-environment.ts';
import { givenReadOptions } from '../../kit/net/exchange/read-model-as.ts';
import { modelFormatForWriting, modelFormatNamed, modelFormatOf } from '../../kit/net/exchange/choose-format.ts';
import { modelFormats } from '../../kit/net/exchange/index.ts';
import { normalizationPresets } from '../../kit/net/exchange/normalization-presets.ts';
import type {
  InputNormalization,
  ModelReadOptions,
  ModelWriteOptions,
  PerChannel,
} from '../../kit/net/exchange/model-format.ts';
import { imageSize, answer, exitCode, type Call, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import type { ConversionAnswer } from '../conversion-process.ts';
import { failures } from '../failures.ts';
import { engineOverride } from '../planned-experiment.ts';

const names = Object.values(modelFormats)
  .map(({ name }) => name)
  .join(', ');

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<in>', 'a model: a folder, a file, or the prefix of a checkpoint')
      .argument('<out>', 'where to write it; its ending means a format (.onnx, .npz, -symbol.json, .caffemodel)')
      .option('--from <format>', `what <in> is, instead of what it looks like: ${names}`)
      .option('--to <format>', `what to write, instead of what the ending of <out> means: ${names}`)
      .option('--epoch <number>', 'of a checkpoint with several; the last one unless given')
      .option('--output <layer...>', 'layers whose values are the results, instead of those the file names')
      .option('--input <size>', 'channels x height x width of the images, if the file leaves it open: 3x112x112')
      .option(
        '--mean <number>',
        'subtracted from every pixel before the network sees it, if the file does not specify it',
      )
      .option('--scale <number>', 'factor after that; most networks of today need --mean 127.5 --scale 0.0078431')
      .option(
        '--preset <name>',
        `mean, scale and order of channels of: ${Object.keys(normalizationPresets).join(', ')}`,
      )
      .option('--color-order <order>', 'rgb or bgr: the order of channels that the network needs')
      .option('--normalization <place>', 'inside or outside of the written network, for formats that have both (caffe)')
      .option('--slim', 'drop classifier and loss: what only training needs', false)
      .option('--limit <share>', 'maximum difference that is accepted, as a share of the maximum value', '1e-4')
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const request = requestOf(call, context);
    const { engine, from, to } = request;
    const converted = await convertElsewhere(request, context);
    const [given, target] = call.arguments.map(String);
    const text = [
      `${given ?? ''} (${from.format}) -> ${target ?? ''} (${to.format})`,
      `${converted.layers} layers, ${converted.parameterCount.toLocaleString('en')} numbers in its parameters`,
      ...conversionLines(converted, engine),
      'compared on two random images with the network that was read',
    ].join('\n');
    answer(call, context, { json: { ...converted, engine: `${engine.name} ${engine.version}` }, text });
    return exitCode.done;
  },
};

function requestOf({ arguments: [given, target], options }: Call, context: ProcessContext): ConversionRequest {
  const { workingFolder } = context;
  const input = resolve(workingFolder, String(given));
  // A slash at the end means a folder, and `resolve` takes it off.
  const output = resolve(workingFolder, String(target)) + (String(target).endsWith('/') ? '/' : '');
  const from: unknown = options['from'];
  const to: unknown = options['to'];
  const source = typeof from === 'string' ? modelFormatNamed(from) : modelFormatOf(input);
  const format = typeof to === 'string' ? modelFormatNamed(to) : modelFormatForWriting(output);
  const asked = engineOverride(context);
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
    // onnxruntime is compared with in any case; it does not compute layers of other formats.
    engine: trainingEngine(layerEngine(asked)).identity,
    threads: availableParallelism(),
  };
}

function readOptions(options: Call['options']): ModelReadOptions {
  const outputs: unknown = options['output'];
  return givenReadOptions({
    epoch: epochOf(options),
    outputs: Array.isArray(outputs) ? outputs.map(String) : undefined,
    input: imageSize(options['input']),
    normalization: normalizationOf(options),
  });
}

function writeOptions(options: Call['options']): ModelWriteOptions {
  const place: unknown = options['normalization'];
  if (place === undefined) return {};
  if (place === 'inside' || place === 'outside') return { normalization: place };
  return refuse('normalization', 'inside or outside', place);
}

function normalizationOf(options: Call['options']): InputNormalization | undefined {
  const [mean, scale] = [perChannelOf(options, 'mean'), perChannelOf(options, 'scale')];
  const order: unknown = options['colorOrder'];
  const preset: unknown = options['preset'];
  if (preset !== undefined) return presetNamed(preset, [mean, scale, order]);
  if (mean === undefined && scale === undefined && order === undefined) return undefined;
  if (order !== undefined && order !== 'rgb' && order !== 'bgr') return refuse('color-order', 'rgb or bgr', order);
  // A half of it says nothing of the other: 0..255 as they are is --mean 0 --scale 1.
  if (mean === undefined)
    return refuse('mean', 'a number, since what is taken off and the factor belong together', mean);
  if (scale === undefined || [scale].flat().some((factor) => factor <= 0))
    return refuse('scale', 'a number above 0', options['scale']);
  return { mean, scale, colorOrder: order ?? 'rgb' };
}

function presetNamed(name: unknown, others: readonly unknown[]): InputNormalization {
  const known = Object.entries<InputNormalization>(normalizationPresets);
  if (others.some((other) => other !== undefined)) {
    return refuse('preset', 'alone, without --mean, --scale and --color-order', name);
  }
  const found = known.find(([each]) => each === name);
  return found?.[1] ?? refuse('preset', known.map(([each]) => each).join(', '), name);
}

/** A number, or three: red, green, blue. */
function perChannelOf(options: Call['options'], name: string): PerChannel | undefined {
  const text: unknown = options[name];
  if (typeof text !== 'string' || !text.includes(',')) return numberOf(options, name);
  const [red = NaN, green = NaN, blue = NaN, ...others] = text.split(',').map(Number);
  const isThree = others.length === 0 && [red, green, blue].every(Number.isFinite);
  return isThree ? [red, green, blue] : refuse(name, 'a number, or three: red,green,blue', text);
}

function limitOf(options: Call['options']): number {
  const limit = numberOf(options, 'limit') ?? 0;
  return limit >= 0 ? limit : refuse('limit', 'a number of at least 0', options['limit']);
}

function epochOf(options: Call['options']): number | undefined {
  const epoch = numberOf(options, 'epoch');
  if (epoch === undefined || (Number.isInteger(epoch) && epoch >= 0)) return epoch;
  return refuse('epoch', 'an integer of at least 0', options['epoch']);
}

function numberOf(options: Call['options'], name: string): number | undefined {
  const text: unknown = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : refuse(name, 'a number', text);
}

function refuse(name: string, expected: string, found: unknown): never {
  fail(failures.wrongOption({ option: `--${name}`, expected, found }));
}

/**
 * Converts in a process of its own, which begins with the environment that TensorFlow reads. Its standard error is shown
 * without the startup messages of TensorFlow. Fails as `convertModel` does, and with `conversion-ended` if it is killed.
 */
export async function convertElsewhere(request: ConversionRequest, context: ProcessContext): Promise<ConvertedModel> {
  const { environment, workingFolder, stderr } = context;
  const { engine, threads } = request;
  const module = compiledModule('src/cli/conversion-process.ts');
  const child = fork(module, {
    cwd: workingFolder,
    env: { ...environment, ...(engine.name === 'tensorflow' ? tensorflowEnvironment(engine, threads) : {}) },
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    // Sends every number as it is.
    serialization: 'advanced',
  });
  let reply: ConversionAnswer | undefined;
  child.on('message', (message) => {
    reply = message as ConversionAnswer;
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_, signal) => {
      resolve(signal);
    });
  });
  child.send(request);
  if (child.stderr !== null) {
    for await (const line of createInterface({ input: child.stderr, crlfDelay: Infinity })) {
      if (!isStartupNoise(line)) stderr.write(`${line}\n`);
    }
  }
  return resultOf(reply, await ended);
}

function resultOf(reply: ConversionAnswer | undefined, signal: NodeJS.Signals | null): ConvertedModel {
  if (reply?.outcome === 'converted') return reply.converted;
  if (reply?.outcome === 'refused') throw new FailureError(reply.failures);
  if (signal === null) throw new Error('the process that converts has ended without an answer');
  return fail(failures.conversionEnded({ signal }));
}
