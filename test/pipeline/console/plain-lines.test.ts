import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';
import { PlainLines } from '../../../src/pipeline/console/plain-lines.ts';
import { cachedRun, failedRun, partlyCachedRun, workspace } from './sample-events.ts';

async function printed(events: readonly FlowEvent[], colour = false): Promise<string> {
  let text = '';
  const lines = new PlainLines({ sink: { write: (part) => (text += part) }, colour, workspace });
  for (const event of events) lines.handle(event);
  await lines.close();
  return text;
}

test('a run is told in calm lines: progress at most every ten seconds, a summary at the end', async () => {
  expect(await printed(partlyCachedRun)).toMatchInlineSnapshot(`
    "quickstart · pipelines/quickstart.yaml · 5 tasks · tensorflow 2.21.0 · runs/2026-01-05-quickstart-1
    from cache: synthesize, pack
    train: started (loss.margin 0.5 -> 0.4 (quickstart.yaml:14))
    train: 12 %, 1 min 24 s left, 21.4 images/s, loss 5.02, 80 of 640 steps
    train: warning: the loss rises
    train: 62 %, 36 s left, 21.5 images/s, loss 3.21, 400 of 640 steps
    train: done in 1 min 38 s
    verify: started (input model: train has run)
    verify: done in 2.3 s - accuracy 0.912 ± 0.021, xnorm 21.4
    report: started (input logs: train has run; input verifications: verify has run)
    report: done in 850 ms
    quickstart: done in 1 min 42 s - 3 tasks run, 2 from cache
    verify: accuracy 0.912 ± 0.021, xnorm 21.4
    report: runs/2026-01-05-quickstart-1/report.html
    "
  `);
});

test('a failing task is told with its attempts, its failures and the end of its log', async () => {
  expect(await printed(failedRun)).toMatchInlineSnapshot(`
    "quickstart · pipelines/quickstart.yaml · 5 tasks · tensorflow 2.21.0 · runs/2026-01-05-quickstart-1
    from cache: synthesize, pack
    train: started (train.rec changed)
    train: started again, attempt 2 (its process was killed by SIGABRT), resumes from step 20
    train failed in attempt 2 after 7.9 s
      data/train.rec: offset 4096: record-truncated: expected 6272 bytes of image, found 1804
        copy the file again
      the end of runs/2026-01-05-quickstart-1/train.log:
      | epoch 1
      | epo
    verify: skipped, train failed
    report: skipped, train failed
    quickstart: failed after 9.1 s - 0 tasks run, 2 from cache, 1 failed, 2 skipped
    "
  `);
});

test('a run that finds everything in the cache ends with one line, after an engine notice that cannot be missed', async () => {
  expect(await printed(cachedRun)).toMatchInlineSnapshot(`
    "quickstart · pipelines/quickstart.yaml · 5 tasks · wasm 4.22.0 · runs/2026-01-05-quickstart-1
    !! WARNING: this run computes with wasm 4.22.0
    !! libtensorflow is not installed, so training is several times slower than it could be.
    !! Run "flow doctor" to see what is missing and how to fix it.
    quickstart: everything was in the cache (5 tasks) - 180 ms
    verify: accuracy 0.912 ± 0.021
    report: runs/2026-01-05-quickstart-1/report.html
    "
  `);
});
