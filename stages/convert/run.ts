import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { givenReadOptions } from '../../src/kit/net/exchange/read-model-as.ts';
import { modelFormatNamed, modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import type { OutputDifference } from '../../src/kit/net/conversion/compare-outputs.ts';
import { conversionLines, convertByName } from '../../src/kit/net/conversion/convert-by-name.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Converts a model, and fails if the written one computes other values. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, seed, engine, cpus: threads } = context;
  const { to, slim, limit, epoch, outputs: layers, input, normalization } = params;
  const notice = researchNotice(licencesOfModels([inputs.model]));
  if (notice !== undefined) context.emit({ type: 'log', level: 'warning', message: notice });
  makeOwnFolder(outputs.model);
  const converted = await convertByName({
    from: {
      format: modelFormatOf(inputs.model).name,
      path: inputs.model,
      options: givenReadOptions({ epoch, outputs: layers, input, normalization: chosenNormalization(normalization) }),
    },
    to: { format: to, path: join(outputs.model, modelFormatNamed(to).standardName), options: {} },
    ...{ slim, limit, seed, engine, threads },
  });
  for (const message of conversionLines(converted, engine)) {
    context.emit({ type: 'log', level: 'info', message });
  }
  const { onnxruntime } = converted;
  if (onnxruntime?.ran === true) {
    context.emit({ type: 'metric', name: 'relative difference in onnxruntime', value: worstOf(onnxruntime.outputs) });
  }
  context.emit({ type: 'metric', name: 'relative difference', value: worstOf(converted.outputs) });
  context.emit({ type: 'metric', name: 'parameters', value: converted.parameterCount });
};

function worstOf(outputs: readonly OutputDifference[]): number {
  return Math.max(...outputs.map(({ relativeDifference }) => relativeDifference));
}
