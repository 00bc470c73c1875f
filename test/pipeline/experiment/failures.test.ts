import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { renderFailures } from '../../../src/core/text/failure-frame.ts';
import { failures } from '../../../src/pipeline/experiment/failures.ts';
import { fixtures, loadFixture } from './load-fixture.ts';

// One folder per mistake: experiment.yaml (with request.json for what stands on the command line) and the text that a
// user is shown, compared to the letter.
const cases = readdirSync(fixtures).sort();

function failuresOf(name: string): FailureError {
  try {
    loadFixture(join(fixtures, name), { ownFolders: [join(fixtures, name, 'runs')] });
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
  throw new Error(`${name} was accepted`);
}

test.each(cases)('the mistake "%s" is shown as expected', async (name) => {
  const text = renderFailures(failuresOf(name).failures, { colour: false });
  await expect(`${text.replaceAll(join(fixtures, name), '<workspace>')}\n`).toMatchFileSnapshot(
    join(fixtures, name, 'expected.txt'),
  );
});

test('every code of the catalogue is shown by a case', () => {
  const shown = new Set(cases.flatMap((name) => failuresOf(name).failures.map(({ code }) => code)));
  expect(
    Object.values(failures)
      .map(({ code }) => code)
      .filter((code) => !shown.has(code)),
  ).toEqual([]);
});
