import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../../stages/report/page.ts';
import {
  sampleAlignment,
  sampleLineage,
  sampleImage,
  sampleSearches,
  sampleTraining,
  sampleBreakdown,
} from './sample-content.ts';

const executablePath = '/usr/bin/chromium';
const missing = !existsSync(executablePath);

const image = `data:image/jpeg;base64,${Buffer.from(sampleImage(1)).toString('base64')}`;
const content = {
  ...{ title: '', lineage: sampleLineage, trainings: [sampleTraining()] },
  alignments: [{ name: 'align', result: sampleAlignment() }],
  identifications: sampleSearches().map((result) => ({ name: 'evaluate', result })),
  measured: [
    {
      name: 'program',
      content: {
        figures: [{ name: 'accuracy', value: 0.9 }],
        curves: [
          {
            name: 'loss',
            points: [
              [1, 2.5],
              [2, 1.5],
            ] as const,
          },
        ],
      },
    },
  ],
  verifications: [{ name: 'held-out', result: sampleBreakdown('held-out') }],
  faces: ['Ada', 'Grace_with_a_name_longer_than_any_column_could_ever_be_in_print'].map((name) => ({
    ...{ name, images: [image, image, image, image] },
  })),
};
const sections = [
  'verification',
  'identification',
  'training',
  'programs',
  'alignment',
  'faces',
  'tasks',
  'parameters',
];

describe.skipIf(missing)(`the page in a browser${missing ? ` (not tested: no ${executablePath})` : ''}`, () => {
  let browser: Browser;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'faceflow-page-'));
    writeFileSync(join(folder, 'report.html'), renderReport(content));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens the page; returns it with everything it complained of and everything it asked for. */
  async function open(width: number, colorScheme: 'light' | 'dark', javaScriptEnabled = true): Promise<Opened> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    return { page, complaints, requests: requests.filter((url) => !url.startsWith('data:')).slice(1) };
  }

  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
    [320, 'light'],
  ] as const)('fits %i pixels, %s, in silence and by itself', async (width, scheme) => {
    const { page, complaints, requests } = await open(width, scheme);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    expect(await page.evaluate("[...document.querySelectorAll('section')].map(({ id }) => id)")).toEqual(sections);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.close();
  });

  test('has another paper in the dark', async () => {
    const paper = async (scheme: 'light' | 'dark'): Promise<string> => {
      const { page } = await open(1280, scheme);
      const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      await page.close();
      return colour;
    };
    expect([await paper('light'), await paper('dark')]).toEqual(['rgb(252, 251, 248)', 'rgb(23, 24, 26)']);
  });

  test('every image in it can be decoded', async () => {
    const { page } = await open(1280, 'light');
    const widths = await page.evaluate<number[]>('[...document.images].map((image) => image.naturalWidth)');
    expect(widths.length).toBeGreaterThan(30);
    expect(widths.every((width) => width > 0)).toBe(true);
    await page.close();
  });

  test('says the values under the pointer, and nothing when it has gone', async () => {
    const { page, complaints } = await open(1280, 'light');
    const chart = page.locator('#training svg').first();
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('the chart is not on the page');
    // Half of the way between the ends of the axis, at 44 and 386 of 400 units.
    await page.mouse.move(box.x + (box.width * 215) / 400, box.y + box.height / 2);
    expect(await chart.locator('.readout').textContent()).toMatch(/^step 3(?:1[6-9]|2[0-4]) · loss \d\.\d+$/);
    await page.mouse.move(0, 0);
    expect(await chart.locator('.readout').textContent()).toBe('');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('can be read without its script', async () => {
    const { page } = await open(1280, 'light', false);
    const text = await page.locator('#verification table').first().innerText();
    expect(text).toContain(content.verifications[0]?.result.accuracy.toFixed(4));
    await page.close();
  });

  test('draws the rates of groups with their intervals, hollow where errors are few, and the error against the discarded share', async () => {
    const { page } = await open(1280, 'light');
    const chart = page.locator('#verification svg[aria-label^="FMR by group"]').first();
    expect(await chart.getAttribute('aria-label')).toMatch(/^FMR by group with 95 % intervals: north 0\.\d{4}, south/);
    // A whisker for each group but the one of few people, a dot for all.
    const rates = content.verifications[0]?.result.groups?.points[0]?.cells.flatMap(({ fmr }) => fmr ?? []) ?? [];
    expect(await chart.locator('.series.line').count()).toBe(rates.filter(({ interval }) => interval).length);
    expect(await chart.locator('.series.dots').count()).toBe(rates.length);
    expect(await chart.locator('circle').count()).toBe(rates.filter(({ errors }) => errors < 30).length);
    const table = await page
      .locator('#verification table', { hasText: 'Errors by group' })
      .or(page.locator('figure', { hasText: 'Errors by group' }))
      .first()
      .innerText();
    expect(table).toContain('too few people');
    expect(table).toContain('south <b>and</b> a name');
    const discard = page.locator(
      '#verification svg[aria-label^="False non-match rate as the pairs of lowest quality"]',
    );
    expect(await discard.locator('.series.band').count()).toBe(2);
    expect(await discard.locator('.series.line').count()).toBe(2);
    await page.close();
  });

  test('prints on paper', async () => {
    const { page } = await open(1280, 'dark');
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.close();
  });
});

interface Opened {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}
