import { afterEach, beforeEach, expect, it } from 'vitest';
import { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.dispose();
});

it.each([
  [{ FLOW_CACHE_MAX_SIZE: 'abc' }, 'bad-limit'],
  [{ FLOW_CACHE: '/proc/x/y' }, 'cache-not-writable'],
  [{ FLOW_SECOND_CACHE: 'not/mounted' }, 'second-cache-missing'],
])('%o ends with 2 before anything runs', async (environment, code) => {
  rig.chain({ a: [] });
  const ended = await rig.flow(['run', 'chain.yaml'], environment);
  expect(ended.stderr).toContain(code);
  expect(ended.code).toBe(2);
  expect(rig.notes()).toEqual([]);
});
