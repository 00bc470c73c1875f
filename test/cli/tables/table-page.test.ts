import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tablePage } from '../../../src/cli/tables/table-page.ts';
import { sampleTable } from '../../pipeline/table/sample-table.ts';

const executablePath = '/usr/bin/chromium';
const missing = !existsSync(executablePath);

it('holds texts as texts, and leads to addresses of the web only', () => {
  const page = tablePage({ ...sampleTable, source: { citation: 'x', url: 'javascript:alert(1)' } });
  expect(page).toContain('softmax_1 &lt;script&gt;');
  expect(page).not.toContain('<script');
  expect(page).not.toContain('javascript:');
});

describe.skipIf(missing)(`a table in a browser${missing ? ` (not tested: no ${executablePath})` : ''}`, () => {
  let browser: Browser;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'faceflow-table-'));
    writeFileSync(join(folder, 'table.html'), tablePage(sampleTable));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    await page.goto(pathToFileURL(join(folder, 'table.html')).href);
    return page;
  }

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
  ] as const)('has no fault that axe finds, at %i pixels, %s', { timeout: 120_000 }, async (width, scheme) => {
    const page = await open(width, scheme);
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<{ violations: unknown[]; passes: string[] }>(`(async () => {
      const { violations, passes } = await axe.run();
      return {
        violations: violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html)]),
        passes: passes.map(({ id }) => id),
      };
    })()`);
    expect(violations).toEqual([]);
    expect(passes).toEqual(expect.arrayContaining(['scope-attr-valid', 'th-has-data-cells', 'link-name', 'region']));
    await page.close();
  });

  it('fits a phone, and its figures lead to their results', { timeout: 120_000 }, async () => {
    const page = await open(390, 'light');
    const wider: unknown = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(wider).toBe(false);
    await page.click('table.figures-table td a');
    expect(await page.textContent(':target')).toContain('20260101-120000-lfw');
    await page.close();
  });
});
