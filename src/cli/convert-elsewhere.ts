import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail, FailureError } from '../core/failure.ts';
import { compiledModule } from '../core/package-folder.ts';
import { isStartupNoise } from '../kit/net/backends/tensorflow/startup-log.ts';
import { tensorflowEnvironment } from '../kit/net/engines/engine-environment.ts';
import type { ConvertedModel } from '../kit/net/conversion/convert-model.ts';
import type { ConversionAnswer, ConversionRequest } from './conversion-request.ts';
import type { ProcessContext } from './flow-command.ts';

/**
 * Converts in a process of its own, which begins with the environment that TensorFlow reads, and whose standard error
 * is shown but for what TensorFlow says of itself. Fails as `convertModel` does, and with `conversion-ended` where the process is killed.
 */
export async function convertElsewhere(
  request: ConversionRequest,
  surroundings: ProcessContext,
): Promise<ConvertedModel> {
  const { environment, workingFolder, stderr } = surroundings;
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
  let answer: ConversionAnswer | undefined;
  child.on('message', (message) => {
    answer = message as ConversionAnswer;
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
  return resultOf(answer, await ended);
}

function resultOf(answer: ConversionAnswer | undefined, signal: NodeJS.Signals | null): ConvertedModel {
  if (answer?.outcome === 'converted') return answer.converted;
  if (answer?.outcome === 'refused') throw new FailureError(answer.failures);
  if (signal === null) throw new Error('the process that converts has ended without an answer');
  return fail({
    code: 'conversion-ended',
    message: `the process that converts was ended by ${signal}`,
    hint:
      signal === 'SIGKILL'
        ? 'as the kernel does where memory runs out: a conversion needs a few times the size of the model'
        : 'try it again',
  });
}
