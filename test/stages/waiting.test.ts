import { expect, it } from 'vitest';
import { Waiting } from '../../stages/train/waiting.ts';

it('the share of the time spent waiting leaves the first step out, and is a warning above 2 % of a longer training', () => {
  const waiting = new Waiting();
  expect([...waiting.events()]).toEqual([]);
  waiting.add({ waitedMs: 900, elapsedMs: 1000 });
  expect(waiting.take()).toBeUndefined();
  for (let step = 2; step <= 30; step += 1) waiting.add({ waitedMs: 1, elapsedMs: 100 });
  expect(waiting.take()).toBeCloseTo(0.01, 10);
  expect(waiting.take()).toBeUndefined();
  for (let step = 31; step <= 59; step += 1) waiting.add({ waitedMs: 5, elapsedMs: 100 });
  expect(waiting.take()).toBeCloseTo(0.05, 10);
  const [figure, warning] = waiting.events();
  expect(figure).toMatchObject({ type: 'metric', name: 'waitingForImages' });
  expect(figure).not.toHaveProperty('step');
  expect(warning).toMatchObject({ type: 'log', level: 'warning' });
  expect(JSON.stringify(warning)).toContain(
    '3.0 % of the time of the steps was spent waiting for images, more than 2 %',
  );
});
