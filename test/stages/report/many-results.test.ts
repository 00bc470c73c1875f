import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../../stages/report/page.ts';
import { sampleImage, sampleLineage, sampleTraining, sampleVerification } from './sample-content.ts';

const executablePath = '/usr/bin/chromium';
const missing = !existsSync(executablePath);
const image = `data:image/jpeg;base64,${Buffer.from(sampleImage(1)).toString('base64')}`;

/** What a matrix of eight margins gives: the second is the best, and a pair is wrong by less than a hundredth. */
const margins = Array.from({ length: 8 }, (_, index) => `train[margin=0.${index + 1}]`);
const verifications = margins.map((name, index) => {
  const result = sampleVerification(name, index + 1, 60);
  const wrong = { pair: 3, distance: 0.02134, threshold: 0.02171, thumbnails: [image, image] };
  return {
    name,
    result: { ...result, accuracy: index === 1 ? 0.99 : 0.9, worst: { falseAccepts: [wrong], falseRejects: [] } },
  };
});
const content = {
  ...{ title: '', lineage: sampleLineage, alignments: [], identifications: [], measured: [], faces: [] },
  trainings: margins.map((name) => ({ ...sampleTraining(), name })),
  verifications,
};

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe.skipIf(missing)(`a page of eight results${missing ? ` (not tested: no ${executablePath})` : ''}`, () => {
  let browser: Browser;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'faceflow-many-'));
    writeFileSync(join(folder, 'report.html'), renderReport(content));
    const few = { ...content, trainings: content.trainings.slice(0, 2), verifications: verifications.slice(0, 4) };
    writeFileSync(join(folder, 'few.html'), renderReport(few));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  const opened = new Map<string, Promise<Page>>();

  /** Every page once: it takes a second to draw. */
  function open(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const known = opened.get(`${width} ${colorScheme}`) ?? openAnew(width, colorScheme);
    opened.set(`${width} ${colorScheme}`, known);
    return known;
  }

  async function openAnew(width: number, colorScheme: 'light' | 'dark', name = 'report.html'): Promise<Page> {
    // The page allows no script but its own; axe is brought in beside it.
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(folder, name)).href);
    return page;
  }

  test('tells every training and result by colour and dash, the same in all charts', async () => {
    const page = await open(1280);
    const classesIn = (selector: string, kind: string) =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('${selector} svg')].map((svg) => [...svg.querySelectorAll('.series.${kind}')].map((path) => path.getAttribute('class')).join('|'))`,
      );
    const steps = (await classesIn('#verification', 'step'))[0]?.split('|') ?? [];
    expect(steps).toHaveLength(8);
    expect(new Set(steps).size).toBe(8);
    const [loss, accuracy] = await classesIn('#training', 'line');
    expect(new Set(loss?.split('|')).size).toBe(8);
    expect(accuracy).toBe(loss);
    const dots = new Set((await classesIn('#training', 'dots'))[1]?.split('|').map((each) => each.split(' ')[2]));
    expect([...dots].every((colour) => steps.some((each) => each.includes(` ${colour ?? '?'}`)))).toBe(true);
  });

  test('shows the best of them in large figures, links its sections, folds the details, tells once what is alike', async () => {
    const page = await open(1280);
    const headline = await page.locator('.figures').innerText();
    expect(headline).toContain('0.990');
    expect(headline).toContain('best of 8: accuracy on train[margin=0.2]');
    const tops = await page.evaluate<number[]>(
      "[...document.querySelectorAll('.figures dd')].map((each) => Math.round(each.getBoundingClientRect().top))",
    );
    expect(new Set(tops).size).toBe(1);
    expect(await page.locator('nav a').allInnerTexts()).toContain('Verification');
    expect(await page.locator('#verification details').count()).toBe(8);
    expect(await page.locator('#training p').count()).toBe(1);
  });

  test('writes a distance and its threshold with digits that tell them apart', async () => {
    const page = await open(1280);
    const text = await page.locator('#verification .pairs span').first().textContent();
    expect(text?.replace(/\s+/g, ' ').trim()).toBe('0.021 < 0.022');
  });

  test('reads values by keyboard too', async () => {
    const page = await open(1280);
    const chart = page.locator('#training svg').first();
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    const first = await chart.locator('.readout').textContent();
    await page.keyboard.press('ArrowRight');
    const second = await chart.locator('.readout').textContent();
    expect(first).toMatch(/^step [\d.]+ · .*loss \d/);
    expect(second).not.toBe(first);
    await page.keyboard.press('ArrowLeft');
    expect(await chart.locator('.readout').textContent()).toBe(first);
    await page.keyboard.press('Tab');
    expect(await chart.locator('.readout').textContent()).toBe('');
  });

  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  test.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)('axe finds nothing at %i pixels, %s, with all details open', async (width, scheme) => {
    const page = await openAnew(width, scheme, 'few.html');
    await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))");
    await page.addScriptTag({ content: axe });
    const violations = await page.evaluate<Violation[]>('axe.run().then((found) => found.violations)');
    const said = violations.map(
      ({ id, nodes }) =>
        `${id} ${nodes.length}: ${nodes[0]?.html.slice(0, 200) ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
    );
    expect(said).toEqual([]);
  });

  test('prints the names of tasks in lines of words, not of letters', async () => {
    const page = await openAnew(1280, 'light');
    await page.setViewportSize({ width: 700, height: 1000 });
    await page.emulateMedia({ media: 'print' });
    const width = await page.evaluate<number>("document.querySelector('#tasks td').getBoundingClientRect().width");
    expect(width).toBeGreaterThan(140);
  });
});
