import { expect, test } from 'vitest';
import { JsonLines } from '../../../src/pipeline/console/json-lines.ts';
import { partlyCachedRun } from './sample-events.ts';

test('every event is one line of JSON that reads back as the event', async () => {
  let text = '';
  const lines = new JsonLines({ write: (part) => (text += part) });
  for (const event of partlyCachedRun) lines.handle(event);
  await lines.close();
  expect(text.endsWith('}\n')).toBe(true);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual(partlyCachedRun);
});
