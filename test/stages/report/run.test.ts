import type { VerificationFile, VerificationResult } from '../../../src/kit/face/verification-result.ts';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { digestOf } from '../../../src/core/digest.ts';
import type { Inputs, Params } from '../../../stages/report/contract.ts';
import { run } from '../../../stages/report/run.ts';
import { printedFailure } from '../../kit/dataset/tiny-faces.ts';
import {
  sampleLineage,
  sampleLog,
  sampleLogText,
  sampleAlignment,
  sampleImage,
  sampleSearches,
  sampleVerification,
} from './sample-content.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faceflow-report-'));
  mkdirSync(join(folder, 'images', 'Ada_Lovelace'), { recursive: true });
  writeFileSync(join(folder, 'images', 'Ada_Lovelace', '1.jpg'), sampleImage(1));
  writeFileSync(join(folder, 'log.json'), sampleLogText());
  writeFileSync(join(folder, 'verification.json'), verificationText(sampleVerification('held-out')));
  writeFileSync(join(folder, 'lineage.json'), JSON.stringify(sampleLineage));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function verificationText(...results: readonly VerificationResult[]): string {
  return JSON.stringify({ version: 2, results } satisfies VerificationFile);
}

const file = (name: string): string => join(folder, name);

function allInputs(): Inputs {
  return {
    ...{ logs: [file('log.json')], verifications: [file('verification.json')], images: file('images') },
    alignments: [],
    figures: [],
    identifications: [],
    lineage: file('lineage.json'),
  };
}

async function page(inputs: Partial<Inputs> = {}, params: Partial<Params> = {}): Promise<string> {
  const output = file('report.html');
  await run({
    ...{ params: { title: '', samples: 24, ...params }, inputs: { ...allInputs(), ...inputs } },
    ...{ outputs: { page: output }, scratch: folder, seed: 1, signal: new AbortController().signal },
    ...{ engine: { name: 'cpu', version: '0' }, cpus: 1, emit: () => undefined },
  });
  return readFileSync(output, 'utf8');
}

test('the page holds everything that was measured, and nothing that is not in the inputs', async () => {
  const text = await page();
  expect(text.match(/<section id="\w+"/g)).toEqual([
    ...['<section id="verification"', '<section id="training"', '<section id="faces"', '<section id="tasks"'],
    '<section id="parameters"',
  ]);
  expect(text).toContain('<title>quickstart</title>');
  expect(text).toContain('alt="Ada_Lovelace"');
  expect(text).not.toMatch(/20\d\d-\d\d-\d\d/);
  expect(text).not.toContain(folder);
});

test('the same inputs produce the same bytes', async () => {
  expect(digestOf(await page())).toBe(digestOf(await page()));
});

test('what is not given is left out', async () => {
  const text = await page({ logs: [], verifications: [], images: undefined }, { title: 'My <run>' });
  expect(text.match(/<section id="\w+"/g)).toEqual(['<section id="tasks"', '<section id="parameters"']);
  expect(text).toContain('<h1>My &lt;run&gt;</h1>');
});

test('a training is named after the task that logged it, a set that was measured twice after its tasks', async () => {
  const text = sampleLogText();
  const outputs = [{ port: 'log', kind: 'log', digest: digestOf(text), bytes: text.length }];
  const tasks = sampleLineage.tasks.map((task) => (task.id === 'train' ? { ...task, outputs } : task));
  writeFileSync(file('named.json'), JSON.stringify({ ...sampleLineage, tasks }));
  const twice = [file('verification.json'), file('verification.json')];
  const logs = [file('log.json'), file('log.json')];
  const html = await page({ logs, verifications: twice, lineage: file('named.json') });
  expect(html).toContain(
    'All 2 trainings alike: network y1 with the loss arcface, 640 steps of 32 images each: 2.1 passes over 9\u202f600',
  );
  expect(html).toContain('held-out (1)');
  expect(html).toContain('held-out (2)');
});

test('the results of several models in one file are shown with their names', async () => {
  const result = sampleVerification('held-out');
  writeFileSync(
    file('models.json'),
    verificationText({ ...result, model: 'model-0001' }, { ...result, model: 'model-0002' }),
  );
  const html = await page({ verifications: [file('models.json')] });
  expect(html).toContain('held-out (1, model-0001)');
  expect(html).toContain('held-out (1, model-0002)');
});

test('a training that diverged is drawn up to there, and says so', async () => {
  const log = sampleLog();
  const curves = log.curves.map(({ name, points }) => ({
    ...{ name, points: points.map(([step, value], index) => [step, index > 80 ? Number.NaN : value]) },
  }));
  writeFileSync(file('diverged.json'), JSON.stringify({ ...log, curves }));
  const text = await page({ logs: [file('diverged.json')] });
  expect(text).toContain('the training diverged');
  expect(text).not.toContain('NaN');
});

test('a verification of pairs of one kind has no curve, but a page', async () => {
  const result = sampleVerification('held-out');
  const same = result.same.map(() => true);
  const onlySame = { ...result, same, samePairs: result.pairs, worst: { falseAccepts: [], falseRejects: [] } };
  writeFileSync(file('same.json'), verificationText(onlySame));
  const text = await page({ verifications: [file('same.json')] });
  expect(text).toContain('No pair was decided wrongly.');
  expect(text).not.toContain('NaN');
});

test('a file of another kind is refused with its name', async () => {
  const cases: readonly (readonly [Partial<Inputs>, string, string])[] = [
    [{ alignments: [file('log.json')] }, 'alignment-invalid', 'log.json'],
    [{ verifications: [file('log.json')] }, 'verification-invalid', 'log.json'],
    [{ identifications: [file('verification.json')] }, 'identification-invalid', 'verification.json'],
    [{ logs: [file('verification.json')] }, 'training-log-invalid', 'verification.json'],
    [{ logs: [file('images/Ada_Lovelace/1.jpg')] }, 'training-log-invalid', '1.jpg'],
    [{ verifications: [file('images/Ada_Lovelace/1.jpg')] }, 'input-not-json', '1.jpg'],
  ];
  for (const [inputs, code, name] of cases) {
    const error: unknown = await page(inputs).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FailureError);
    const [failure] = (error as FailureError).failures;
    expect([failure.code, failure.at?.file.endsWith(name)]).toEqual([code, true]);
  }
});

test('thumbnails that are not part of the page are left out: it makes no request', async () => {
  const result = sampleVerification('held-out');
  const thumbnails = ['https://example.com/a.jpg', 'data:image/jpeg;base64,AA" onerror="alert(1)'];
  const falseAccepts = result.worst.falseAccepts.map((each) => ({ ...each, thumbnails }));
  writeFileSync(file('links.json'), verificationText({ ...result, worst: { ...result.worst, falseAccepts } }));
  const text = await page({ verifications: [file('links.json')] });
  expect(text).not.toContain('example.com');
  expect(text).not.toContain('onerror');
});

test('the page shows what became of photographs: counts, the first, the strangest and those left out, by name', async () => {
  writeFileSync(file('alignment.json'), JSON.stringify(sampleAlignment()));
  const text = await page({ alignments: [file('alignment.json')] });
  expect(text).toContain('<section id="alignment"');
  expect(text).toMatch(/images<\/td>\s*<td[^>]*>1.234/);
  expect(text).toContain('ada_0.jpg');
  expect(text).toContain('6.1 px, 1 of 2');
  expect(text).toContain('&lt;cut&gt;.jpg');
  expect(text).not.toContain('Without points');
});

test('the page has a line for each search among distractors, with intervals where they were measured', async () => {
  writeFileSync(
    file('megaface.json'),
    JSON.stringify({ format: 'faceflow-megaface', version: 1, results: sampleSearches() }),
  );
  const text = await page({ identifications: [file('megaface.json')] });
  expect(text).toContain('<section id="identification"');
  const cells = [...text.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) =>
    cell
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/[\s\u202f]+/g, ' ')
      .trim(),
  );
  const start = cells.indexOf('evaluation 1, facescrub');
  expect(cells.slice(start, start + 14)).toEqual([
    ...['evaluation 1, facescrub', '1 000', '7', '153 634', '0.9750 0.9700 to 0.9800', '-', '0.9500 0.9400 to 0.9600'],
    ...['evaluation 1, facescrub, set 2', '10', '0', '153 634', '0.9900', '1.0000', '-'],
  ]);
});

test('identification-invalid', async () => {
  const text = await printedFailure(() => page({ identifications: [file('verification.json')] }));
  expect(text.replace(folder, '<folder>').trimEnd()).toBe(
    '<folder>/verification.json: identification-invalid: expected the result of a stage megaface, found no "format": "faceflow-megaface"',
  );
});
