import { FailureError, type Failure } from '../core/failure.ts';
import { convertByName, type ConversionRequest } from '../kit/net/conversion/convert-by-name.ts';
import type { ConvertedModel } from '../kit/net/conversion/convert-model.ts';
import { fileSystemFailure } from './file-system-failure.ts';

/** What the process of `flow convert` answers. */
export type ConversionAnswer =
  | { readonly outcome: 'converted'; readonly converted: ConvertedModel }
  | { readonly outcome: 'refused'; readonly failures: readonly [Failure, ...Failure[]] };

/** The process that converts for `flow convert`: takes a request as its first message and answers with one. */
process.once('message', (request: ConversionRequest) => {
  void answerTo(request).then((answer) => {
    process.send?.(answer, undefined, undefined, () => {
      // Threads of the libraries must not keep it from ending.
      process.exit(0);
    });
  });
});

async function answerTo(request: ConversionRequest): Promise<ConversionAnswer> {
  try {
    return { outcome: 'converted', converted: await convertByName(request) };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'refused', failures: error.failures };
    const unwritable = fileSystemFailure(error, process.cwd());
    if (unwritable !== undefined) return { outcome: 'refused', failures: [unwritable] };
    throw error;
  }
}
