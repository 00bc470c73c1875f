import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from '../../src/base/stage.ts';
import { loadEngine } from '../../src/net/engines/load.ts';
import { modelFormatNamed, modelFormatOf } from '../../src/net/model-formats/choose-format.ts';
import { convertModel, differenceText } from '../../src/net/model-formats/convert-model.ts';
import type { ModelReadOptions } from '../../src/net/model-formats/model-format.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Converts a model, and fails where the written one gives other values. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, seed } = context;
  const format = modelFormatNamed(params.to);
  mkdirSync(outputs.model, { recursive: true });
  const engine = await loadEngine(context.engine, { threads: context.cpus });
  const converted = convertModel(
    {
      from: { format: modelFormatOf(inputs.model), path: inputs.model, options: readOptions(params) },
      to: { format, path: join(outputs.model, format.standardName), options: {} },
      slim: params.slim,
      limit: params.limit,
      seed,
    },
    engine,
  );
  for (const output of converted.outputs) {
    context.emit({ type: 'log', level: 'info', message: `layer ${output.layer}: ${differenceText(output)}` });
  }
  const worst = Math.max(...converted.outputs.map(({ relativeDifference }) => relativeDifference));
  context.emit({ type: 'metric', name: 'relative difference', value: worst });
  context.emit({ type: 'metric', name: 'parameters', value: converted.parameterCount });
};

function readOptions({ epoch, outputs, input, normalization }: Params): ModelReadOptions {
  return {
    ...(epoch === undefined ? {} : { epoch }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(input === undefined ? {} : { input }),
    ...(normalization === undefined ? {} : { normalization }),
  };
}
