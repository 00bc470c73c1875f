import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { type Frame, recordingSvg, terminalSvg } from './terminal-svg.ts';

/**
 * Makes the images of the README from a real run: the terminal while it runs, as a recording and at its end, and the
 * page it wrote. Needs tmux and Chromium.
 * `npm run --silent build && node dist/bench/illustrations/make.js docs/images pipelines/quickstart.yaml [workspace]`
 */
const [target = 'docs/images', experiment = 'pipelines/quickstart.yaml', workspaceArgument] = process.argv.slice(2);
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const columns = 110;
const rows = 24;
const everyMs = 500;
/** The recording is this much faster than the run, and never longer than this. */
const recording = { faster: 12, lastSeconds: 4, frames: 40 } as const;

const temporary = mkdtempSync(join(tmpdir(), 'flow-images-'));
const workspace = workspaceArgument ?? join(temporary, 'workspace');
mkdirSync(workspace, { recursive: true });
// In the workspace, so that the image shows no path of this machine.
cpSync(join(repository, 'pipelines'), join(workspace, 'pipelines'), { recursive: true });
mkdirSync(target, { recursive: true });
const socket = join(temporary, 'tmux');

// However the script ends, the terminal and what runs in it end with it.
process.once('exit', () => {
  tmux('kill-server');
  rmSync(temporary, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function tmux(...words: string[]): string {
  return execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' });
}

/** Runs the experiment in a terminal and looks at it twice a second until it has ended. */
async function watchRun(): Promise<readonly Frame[]> {
  const ended = join(temporary, 'ended');
  const flow = `node '${join(repository, 'bin', 'flow.js')}' run '${experiment}'`;
  // The image shows what one would have typed.
  const script = `echo '$ flow run ${experiment}'; ${flow}; echo $? > '${ended}'; exec cat`;
  tmux('-f', '/dev/null', 'new-session', '-d', '-c', workspace, '-x', `${columns}`, '-y', `${rows}`, script);
  const began = performance.now();
  const frames: Frame[] = [];
  for (;;) {
    await new Promise((wake) => setTimeout(wake, everyMs));
    const over = existsSync(ended);
    const screen = tmux('capture-pane', '-e', '-p').trimEnd();
    if (screen !== frames.at(-1)?.screen && screen !== '')
      frames.push({ screen, from: (performance.now() - began) / 1000 });
    if (over) return frames;
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

const frames = await watchRun();
const last = frames.at(-1)?.screen ?? '';
const busy = frames.filter(({ screen }) => screen.includes('━') && screen.includes('╌'));
const running = busy[Math.floor(busy.length / 2)]?.screen ?? last;
writeFileSync(join(target, 'run.svg'), recordingSvg(shorten(frames), columns, recording.lastSeconds));
writeFileSync(join(target, 'running.svg'), terminalSvg(running, columns));
writeFileSync(join(target, 'done.svg'), terminalSvg(last, columns));
const page = pageOf(last);
if (page !== undefined) await photograph(page);
console.log(`${frames.length} screens seen; images are in ${target}`);
