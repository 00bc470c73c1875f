import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalExecutor } from '../../../src/pipeline/execute/executors/local/local-executor.ts';
import { BatchExecutor } from './batch-executor.ts';
import { executorSuite } from './executor-suite.ts';
import { runInProcess } from './in-process.ts';

const capacity = { jobs: 4, cpus: 4, memoryBytes: 2 ** 40, gpus: [] };

executorSuite('local', () => new LocalExecutor(capacity));
executorSuite('batch', (folder) => new BatchExecutor(folder, capacity));

it('an experiment runs on another executor as it does on this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'batch-'));
  const yaml = `
name: two
summary: a test
stages:
  first:
    uses: shell
    with: { command: 'echo hi > "$out"', outputs: { out: out.txt } }
  second:
    uses: shell
    retries: { times: 1, wait: 10 ms }
    with:
      command: 'test -e tried || { touch tried; exit 4; }; cat "$in" "$in" > "$out"'
      inputs: { in: "\${stages.first.outputs.out}" }
      outputs: { out: out.txt }
`;
  try {
    const openExecutor = () => Promise.resolve(new BatchExecutor(join(folder, 'batch'), capacity));
    const { events, outcomes } = await runInProcess(folder, yaml, { openExecutor });
    expect(outcomes).toEqual({ first: 'done', second: 'done' });
    const attempts = events.flatMap((event) => (event.type === 'attempt-ended' ? [event.result.outcome] : []));
    expect(attempts).toEqual(['done', 'failed', 'done']);
    const last = events.findLast((event) => event.type === 'task-ended');
    expect(readFileSync(last?.product?.outputs[0]?.path ?? '', 'utf8')).toBe('hi\nhi\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
