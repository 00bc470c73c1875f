import { beforeEach, expect, test } from 'vitest';
import { acceptableChange } from '../../../src/pipeline/plan/acceptable-change.ts';
import { keyOf } from '../../../src/pipeline/plan/key-document.ts';
import { planExperiment, type PlannedTask } from '../../../src/pipeline/plan/plan.ts';
import type { Experiment } from '../../../src/pipeline/experiment/experiment.ts';
import { load } from '../experiment/workspace.ts';
import { MemoryKnowledge } from './memory-planning-context.ts';
import { runInMemory } from './run-in-memory.ts';

const text =
  'name: x\nstages:\n  a: { uses: draw }\n  b: { uses: pack, with: { images: "${stages.a.outputs.images}" } }\n';

let knowledge: MemoryKnowledge;
beforeEach(() => {
  knowledge = new MemoryKnowledge();
});

async function planned(experiment: Experiment, id: string): Promise<PlannedTask> {
  const { tasks } = await planExperiment(experiment, knowledge);
  const found = tasks.find(({ task }) => task.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

function changeOf(of: PlannedTask) {
  return acceptableChange(of, knowledge.previous(of.task));
}

test('accepting a change leads from the old key to the new one, and names what is declared not to matter', async () => {
  const before = await runInMemory(load(text), knowledge);
  const changed = await planned(load(text, { overrides: ['a.count=9'] }), 'a');
  const accepted = changeOf(changed);
  expect(accepted).toMatchObject({ task: 'a', from: before.get('a')?.key });
  expect(accepted.reasons.map((reason) => reason.text)).toEqual(['count 3 -> 9 (--set a.count=9)']);
  expect(keyOf(accepted.document)).toBe(accepted.to);
  expect(accepted.to).not.toBe(accepted.from);
});

test('once the old result stands under the new key, nothing downstream runs', async () => {
  const before = await runInMemory(load(text), knowledge);
  const experiment = load(text, { overrides: ['a.count=9'] });
  const { to } = changeOf(await planned(experiment, 'a'));
  knowledge.results.set(to, before.get('a')?.outputs ?? {});
  const { tasks } = await planExperiment(experiment, knowledge);
  expect(tasks.map(({ state }) => state)).toEqual(['cached', 'cached']);
});

test('there is nothing to accept in a task that never ran, did not change, waits, lost its result or is of another kind', async () => {
  const first = await planned(load(text), 'a');
  expect(() => changeOf(first)).toThrow('a has never run');
  await runInMemory(load(text), knowledge);
  const known = await planned(load(text), 'a');
  expect(() => changeOf(known)).toThrow('the result of a is good as it is: nothing has changed');
  const waiting = await planned(load(text, { overrides: ['a.count=9'] }), 'b');
  expect(() => changeOf(waiting)).toThrow('it is not known yet what b takes in: it waits for a');
  knowledge.results.clear();
  const lost = await planned(load(text), 'a');
  expect(() => changeOf(lost)).toThrow('the result of a is lost, not changed');
  const other = load('name: x\nstages:\n  a: { uses: shell, with: { command: "true", outputs: { images: i } } }\n');
  const otherKind = await planned(other, 'a');
  expect(() => changeOf(otherKind)).toThrow('the result of stage draw cannot be that of stage shell');
});
