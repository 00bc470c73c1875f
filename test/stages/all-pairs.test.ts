import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { run as allPairs } from '../../stages/all-pairs/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

it('all-pairs copies a file, from some byte on', async () => {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'one two');
  const events: StageEvent[] = [];
  await allPairs({
    params: { skip: 4 },
    inputs: { file: from },
    outputs: { file: to },
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  expect(readFileSync(to, 'utf8')).toBe('two');
  expect(events).toEqual([{ type: 'metric', name: 'bytes', value: 3 }]);
});
