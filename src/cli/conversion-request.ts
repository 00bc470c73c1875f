import type { Failure } from '../core/failure.ts';
import type { EngineIdentity } from '../core/engine-identity.ts';
import type { ConvertedModel, ModelConversion } from '../kit/net/conversion/convert-model.ts';
import type { ModelReadOptions, ModelWriteOptions } from '../kit/net/exchange/model-format.ts';

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
