import { expect, test } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { loadCpu } from '../../../../src/kit/net/backends/cpu/load-cpu.ts';
import { renderFailures } from '../../../../src/core/text/failure-frame.ts';

test('a library of another version than the one in the keys of a run is refused: engine-changed', async () => {
  const loading = Promise.resolve().then(() => loadCpu({ name: 'cpu', version: '1.0' }));
  const error: unknown = await loading.catch((reason: unknown) => reason);
  expect(error instanceof FailureError && renderFailures(error.failures, { colour: false })).toBe(
    'engine-changed: the run was planned with engine cpu 1.0, but 4.22.0 was loaded\n' +
      '  Run npm run setup, which tests the installed engine again; then run again.',
  );
});
