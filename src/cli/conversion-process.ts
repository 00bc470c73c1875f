import { FailureError } from '../core/failure.ts';
import { loadBackend } from '../kit/net/backends/load-backend.ts';
import { onnxruntimeOnCpu } from '../kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { modelFormatNamed } from '../kit/net/exchange/choose-format.ts';
import { convertModel } from '../kit/net/conversion/convert-model.ts';
import type { ConversionAnswer, ConversionRequest } from './conversion-request.ts';
import { fileSystemFailure } from './file-system-failure.ts';

/** The process that converts for `flow convert`: takes a request as its first message and answers with one. */
process.once('message', (request: ConversionRequest) => {
  void answerTo(request).then((answer) => {
    process.send?.(answer, undefined, undefined, () => {
      // Threads of the libraries shall not keep it from ending.
      process.exit(0);
    });
  });
});

async function answerTo(request: ConversionRequest): Promise<ConversionAnswer> {
  const { from, to, engine, threads, workingFolder } = request;
  try {
    const converted = await convertModel(
      {
        ...request,
        from: { ...from, format: modelFormatNamed(from.format) },
        to: { ...to, format: modelFormatNamed(to.format) },
      },
      { layers: () => loadBackend(engine, { threads }), onnxruntime: onnxruntimeOnCpu(threads) },
    );
    return { outcome: 'converted', converted };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'refused', failures: error.failures };
    const unwritable = fileSystemFailure(error, workingFolder);
    if (unwritable !== undefined) return { outcome: 'refused', failures: [unwritable] };
    throw error;
  }
}
