import type { Failure } from '../base/failure.ts';
import type { EngineIdentity } from '../base/stage.ts';
import type { ConvertedModel, ModelConversion } from '../net/model-formats/convert-model.ts';
import type { ModelReadOptions, ModelWriteOptions } from '../net/model-formats/model-format.ts';

/** What `flow convert` asks its other process to do: a conversion with the formats by name. */
export interface ConversionRequest extends Pick<ModelConversion, 'slim' | 'limit' | 'seed'> {
  readonly from: { readonly format: string; readonly path: string; readonly options: ModelReadOptions };
  readonly to: { readonly format: string; readonly path: string; readonly options: ModelWriteOptions };
  /** Compares what was read with what was written. */
  readonly engine: EngineIdentity;
  readonly workingFolder: string;
  readonly threads: number;
}

/** What that process answers. */
export type ConversionAnswer =
  | { readonly outcome: 'converted'; readonly converted: ConvertedModel }
  | { readonly outcome: 'refused'; readonly failures: readonly [Failure, ...Failure[]] };
