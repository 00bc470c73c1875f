import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from '../../src/stage-api/stage.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { onnxruntimeOnCpu } from '../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { modelFormatNamed, modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { differenceText, type OutputDifference } from '../../src/kit/net/conversion/compare-outputs.ts';
import { convertModel } from '../../src/kit/net/conversion/convert-model.ts';
import type { ModelReadOptions } from '../../src/kit/net/exchange/model-format.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Converts a model, and fails if the written one computes other values. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, seed } = context;
  const format = modelFormatNamed(params.to);
  mkdirSync(outputs.model, { recursive: true });
  const threads = context.cpus;
  const converted = await convertModel(
    {
      from: { format: modelFormatOf(inputs.model), path: inputs.model, options: readOptions(params) },
      to: { format, path: join(outputs.model, format.standardName), options: {} },
      slim: params.slim,
      limit: params.limit,
      seed,
    },
    { layers: () => loadBackend(context.engine, { threads }), onnxruntime: onnxruntimeOnCpu(threads) },
  );
  const log = (message: string): void => {
    context.emit({ type: 'log', level: 'info', message });
  };
  const { onnxruntime } = converted;
  for (const note of converted.notes) log(note);
  for (const output of converted.outputs) {
    log(`layer ${output.layer}: ${differenceText(output)}`);
  }
  if (onnxruntime?.ran === false) log(`not run in onnxruntime: ${onnxruntime.reason}`);
  if (onnxruntime?.ran === true) {
    for (const output of onnxruntime.outputs) {
      log(`layer ${output.layer} in onnxruntime ${onnxruntime.version}: ${differenceText(output)}`);
    }
    context.emit({ type: 'metric', name: 'relative difference in onnxruntime', value: worstOf(onnxruntime.outputs) });
  }
  context.emit({ type: 'metric', name: 'relative difference', value: worstOf(converted.outputs) });
  context.emit({ type: 'metric', name: 'parameters', value: converted.parameterCount });
};

function worstOf(outputs: readonly OutputDifference[]): number {
  return Math.max(...outputs.map(({ relativeDifference }) => relativeDifference));
}

function readOptions({ epoch, outputs, input, normalization }: Params): ModelReadOptions {
  return {
    ...(epoch === undefined ? {} : { epoch }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(input === undefined ? {} : { input }),
    ...(normalization === undefined ? {} : { normalization }),
  };
}
