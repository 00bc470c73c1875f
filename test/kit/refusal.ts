import { FailureError } from '../../src/core/failure.ts';

/** The failures that some work ends with, `code: message` in lines; `none` if it ends well. */
export async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return error.failures.map(({ code, message }) => `${code}: ${message}`).join('\n');
  }
  return 'none';
}
