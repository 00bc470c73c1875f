import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FlowEvent } from '../../../src/pipeline/execute/event.ts';
import type { RunFacts } from '../../../src/pipeline/record/run-facts.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import { RunFolderWriter } from '../../../src/pipeline/record/run-folder.ts';

let runs: string;
let folder: string;

beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'flow-run-folder-'));
  folder = join(runs, 'run');
  mkdirSync(folder);
});

afterEach(() => {
  rmSync(runs, { recursive: true });
});

/** The end of a task whose one output is at `outputs/<name>` of its entry. */
function ended(index: number, name = 'out.txt', kind = 'file'): FlowEvent {
  const key = index.toString(16).padStart(64, '0') as Key;
  const path = join(runs, 'cache', key, 'outputs', name);
  const outputs = [{ port: 'out', kind, path, digest: key, bytes: 1 }];
  return {
    at: 0,
    type: 'task-ended',
    task: `task${index}`,
    result: { outcome: 'cached', key },
    product: { createdAt: '', durationMs: 1, peakMemoryBytes: null, figures: [], outputs },
  };
}

const facts = { format: 'faceflow-run', version: 1, id: 'run' } as unknown as RunFacts;

it('the outputs of a task are reached through one link, however their paths look', () => {
  const writer = new RunFolderWriter(folder, facts);
  writer.handle(ended(1, 'a/outputs/b.txt'));
  writer.close();
  expect(readlinkSync(join(folder, 'outputs', 'task1'))).toBe(`../../cache/${'1'.padStart(64, '0')}/outputs`);
});

it('of very many results from the cache the first have links, pages too, and the others are listed', () => {
  const writer = new RunFolderWriter(folder, facts);
  for (let index = 0; index < 300; index += 1) writer.handle(ended(index));
  writer.handle(ended(300, 'page.html', 'page'));
  writer.close();
  const listed = readFileSync(join(folder, 'outputs', 'others.tsv'), 'utf8')
    .trim()
    .split('\n');
  expect(listed).toHaveLength(100);
  expect(listed[0]).toBe(`task200\t../../cache/${(200).toString(16).padStart(64, '0')}/outputs`);
  expect(readlinkSync(join(folder, 'outputs', 'task300'))).toMatch(/outputs$/);
});
