import { readFileSync, writeFileSync } from 'node:fs';
import type { Stage } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Copies a file, from byte `skip` on. */
export const run: Stage<Params, Inputs, Outputs> = (context) => {
  const { inputs, outputs, params } = context;
  const bytes = readFileSync(inputs.file).subarray(params.skip);
  writeFileSync(outputs.file, bytes);
  context.emit({ type: 'metric', name: 'bytes', value: bytes.length });
  return Promise.resolve();
};
