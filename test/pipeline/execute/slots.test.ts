import { expect, it } from 'vitest';
import { Slots, type Capacity, type Demand, type Grant } from '../../../src/pipeline/execute/slots.ts';

const capacity: Capacity = { jobs: 10, cpus: 4, memoryBytes: 100, gpus: ['0', '1'] };
const small: Demand = { cpus: 1, memoryBytes: 0, gpus: 0, priority: 0 };

/** Asks for room and notes when it was given. */
function ask(slots: Slots, given: string[], name: string, demand: Demand): Promise<Grant> {
  return slots.acquire(demand).then((grant) => {
    given.push(name);
    return grant;
  });
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a task waits until processors, memory and graphics processors are free', async () => {
  const slots = new Slots(capacity);
  const given: string[] = [];
  const first = await ask(slots, given, 'first', { ...small, cpus: 3, gpus: 2 });
  expect(first.gpus).toEqual(['0', '1']);
  void ask(slots, given, 'cpus', { ...small, cpus: 2 });
  void ask(slots, given, 'gpus', { ...small, gpus: 1 });
  void ask(slots, given, 'small', small);
  await settle();
  expect(given).toEqual(['first', 'small']);
  first.release();
  await settle();
  expect(given).toEqual(['first', 'small', 'cpus', 'gpus']);
});

it('the task with the longest way to go starts first', async () => {
  const slots = new Slots({ ...capacity, jobs: 1 });
  const given: string[] = [];
  const first = await ask(slots, given, 'first', small);
  const rest = [3, 9, 5].map((priority) => ask(slots, given, String(priority), { ...small, priority }));
  first.release();
  for (const next of ['9', '5', '3']) {
    await settle();
    expect(given.at(-1)).toBe(next);
    (await rest[[3, 9, 5].indexOf(Number(next))])?.release();
  }
});

it('a task that asks for more than there is gets all there is', async () => {
  const slots = new Slots(capacity);
  const grant = await slots.acquire({ cpus: 64, memoryBytes: 10_000, gpus: 8, priority: 0 });
  expect(grant.gpus).toEqual(['0', '1']);
});

it('small tasks do not keep a large one out for ever', async () => {
  const slots = new Slots(capacity);
  const given: string[] = [];
  let held = [await ask(slots, given, 'small', small), await ask(slots, given, 'small', small)];
  void ask(slots, given, 'large', { ...small, cpus: 4, priority: 1 });
  for (let round = 0; round < 20 && !given.includes('large'); round += 1) {
    // Before one ends the next is there: four processors are never free together.
    const next = ask(slots, given, 'small', small);
    held.shift()?.release();
    await settle();
    if (given.includes('large')) break;
    const arrived = await Promise.race([next, settle().then(() => undefined)]);
    if (arrived !== undefined) held = [...held, arrived];
  }
  expect(given).toContain('large');
});

it('a grant released twice frees its room once', async () => {
  const slots = new Slots({ ...capacity, jobs: 1 });
  const given: string[] = [];
  const first = await ask(slots, given, 'first', small);
  void ask(slots, given, 'second', small);
  void ask(slots, given, 'third', small);
  first.release();
  first.release();
  await settle();
  expect(given).toEqual(['first', 'second']);
});
