import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { type Frame, recordingSvg, terminalSvg } from './terminal-svg.ts';

/**
 * Makes the pictures of the README from a real run: the terminal while it runs, as a recording and at its end, and the
 * page it wrote. Needs tmux and Chromium.
 * `npm run --silent build && node dist/bench/pictures/make.js docs/images [experiment] [workspace] [options of flow run]`
 */
const [target = 'docs/images', experiment, workspaceArgument, ...flowOptions] = process.argv.slice(2);
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const file = resolve(experiment ?? join(repository, 'pipelines', 'quickstart.yaml'));
const columns = 96;
const rows = 24;
const everyMs = 500;
/** The recording is this much faster than the run, and never longer than this. */
const recording = { faster: 12, lastSeconds: 4, frames: 60 } as const;

const temporary = mkdtempSync(join(tmpdir(), 'flow-pictures-'));
const workspace = workspaceArgument ?? join(temporary, 'workspace');
mkdirSync(workspace, { recursive: true });
mkdirSync(target, { recursive: true });
const socket = join(temporary, 'tmux');

function tmux(...words: string[]): string {
  return execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' });
}

/** Runs the experiment in a terminal and looks at it twice a second until it has ended. */
async function watchRun(): Promise<readonly Frame[]> {
  const words = [process.execPath, join(repository, 'bin', 'flow.js'), 'run', file, '--workspace', workspace];
  const command = [...words, ...flowOptions].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const ended = join(temporary, 'ended');
  // The picture shows what one would have typed.
  const shown = `flow run ${experiment ?? 'pipelines/quickstart.yaml'}`;
  const script = `echo '$ ${shown}'; ${command}; echo $? > ${ended}; exec cat`;
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), script);
  const began = performance.now();
  const frames: Frame[] = [];
  for (;;) {
    await new Promise((wake) => setTimeout(wake, everyMs));
    const over = hasEnded(ended);
    const screen = tmux('capture-pane', '-e', '-p').trimEnd();
    if (screen !== frames.at(-1)?.screen && screen !== '')
      frames.push({ screen, from: (performance.now() - began) / 1000 });
    if (over) return frames;
  }
}

function hasEnded(path: string): boolean {
  try {
    execFileSync('test', ['-s', path]);
    return true;
  } catch {
    return false;
  }
}

/** As many frames as a recording may have, evenly chosen, its time pressed together. */
function shorten(frames: readonly Frame[]): readonly Frame[] {
  const step = Math.max(1, Math.ceil(frames.length / recording.frames));
  const chosen = frames.filter((_, index) => index % step === 0 || index === frames.length - 1);
  return chosen.map(({ screen, from }, index) => ({ screen, from: index === 0 ? 0 : from / recording.faster }));
}

/** The page that the last lines of the run name. */
function pageOf(screen: string): string | undefined {
  const path = /(\S+\.html)\s*$/.exec(screen.replace(/\u001b\[[\d;]*m/g, ''))?.[1];
  return path === undefined ? undefined : resolve(workspace, path);
}

async function photograph(page: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const tab = await browser.newPage({ viewport: { width: 1120, height: 1180 }, colorScheme });
      await tab.goto(pathToFileURL(page).href);
      await tab.screenshot({ path: join(target, `report-${colorScheme}.png`) });
    }
  } finally {
    await browser.close();
  }
}

try {
  const frames = await watchRun();
  const last = frames.at(-1)?.screen ?? '';
  const busiest = frames.filter(({ screen }) => screen.includes('━')).at(-1) ?? frames.at(-1);
  writeFileSync(join(target, 'run.svg'), recordingSvg(shorten(frames), columns, recording.lastSeconds));
  writeFileSync(join(target, 'running.svg'), terminalSvg(busiest?.screen ?? '', columns));
  writeFileSync(join(target, 'done.svg'), terminalSvg(last, columns));
  const page = pageOf(last);
  if (page !== undefined) await photograph(page);
  console.log(`${frames.length} screens seen; pictures are in ${target}`);
} finally {
  tmux('kill-server');
  if (workspaceArgument === undefined) rmSync(temporary, { recursive: true, force: true });
}
