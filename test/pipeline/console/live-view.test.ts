import { afterEach, describe, expect, test } from 'vitest';
import { Terminal, type TerminalSize, playScript, terminalMissing } from './play-events.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';
import { cachedRun, failedRun, partlyCachedRun, runStarted, taskStarted, timed, workspace } from './sample-events.ts';

const missing = terminalMissing();
const subject = `the live view in a terminal${missing === undefined ? '' : ` (not tested: ${missing})`}`;

const size = { columns: 100, rows: 30 };
const open: Terminal[] = [];

function terminal(script: string, dimensions: TerminalSize = size): Terminal {
  const opened = new Terminal(script, dimensions);
  open.push(opened);
  return opened;
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A run whose training never ends by itself. */
const endlessRun = timed([
  [0, runStarted],
  [0.1, taskStarted('synthesize', 'never run')],
]);

/** Done before the view is closed: never. */
const stays = 'setInterval(() => {}, 1000); await new Promise(() => {});';

describe.skipIf(missing !== undefined)(subject, () => {
  test('shows every task while it runs, and afterwards what stays', async () => {
    const screen = terminal(playScript(partlyCachedRun, { workspace, colour: true, speed: 40 }));
    const during = await screen.waitFor(/62 %/);
    expect(during.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, '*').replaceAll(/\d s (left|so far)/g, 'N s $1')).toBe(
      `quickstart · pipelines/quickstart.yaml · 5 tasks · tensorflow 2.21.0 · runs/2026-01-05-quickstart-1
  ↓ synthesize  from cache
  ↓ pack        from cache
  * train       ━━━━━━━━━━╌╌╌╌╌╌  62 %  N s left  21.5 images/s  loss 3.21  400 of 640 steps
      loss.margin 0.5 -> 0.4 (quickstart.yaml:14)
      warning: the loss rises
  · verify      after train
  · report      after train, verify
  2 of 5 tasks, N s so far, at least N s left`,
    );
    expect(screen.cursorVisible()).toBe(false);
    expect(await screen.waitFor(/exit/)).toBe(
      `quickstart · pipelines/quickstart.yaml · 5 tasks · tensorflow 2.21.0 · runs/2026-01-05-quickstart-1
  ↓ synthesize  from cache
  ↓ pack        from cache
  ✔ train       1 min 38 s, 84.0 MiB
      warning: the loss rises
  ✔ verify      2.3 s, 84.0 MiB  accuracy 0.912 ± 0.021, xnorm 21.4
  ✔ report      850 ms, 84.0 MiB

quickstart: done in 1 min 42 s - 3 tasks run, 2 from cache
verify: accuracy 0.912 ± 0.021, xnorm 21.4
report: runs/2026-01-05-quickstart-1/report.html
[exit 0]`,
    );
    expect(screen.cursorVisible()).toBe(true);
  });

  test('explains a failed task below the list, with the end of its log', async () => {
    const screen = terminal(playScript(failedRun, { workspace, colour: false, speed: 20 }));
    expect(await screen.waitFor(/exit/)).toContain(`
  ✖ train       record-truncated: expected 6272 bytes of image, found 1804
  - verify      skipped: train failed
  - report      skipped: train failed

train failed in attempt 2 after 7.9 s`);
    expect(screen.text()).toContain(`  the end of runs/2026-01-05-quickstart-1/train.log:
  | epoch 1
  | epo

quickstart: failed after 9.1 s - 0 tasks run, 2 from cache, 1 failed, 2 skipped
[exit 0]`);
  });

  test('stays whole when the window becomes narrower than its lines', async () => {
    const screen = terminal(playScript(partlyCachedRun, { workspace, colour: true, speed: 40 }));
    await screen.waitFor(/15 %/);
    screen.resize({ columns: 60, rows: 30 });
    const narrow = await screen.waitFor(/62 %/);
    expect(narrow.match(/ train {7}/g)).toHaveLength(1);
    expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect((await screen.waitFor(/exit/)).match(/ ✔ train/g)).toHaveLength(1);
  });

  test('leaves the cursor visible when the process ends without closing it', async () => {
    const prelude = 'process.once("SIGINT", () => process.exit(130));';
    const options = { workspace, colour: true, speed: 1, prelude, beforeClose: stays };
    const screen = terminal(playScript(endlessRun, options));
    await screen.waitFor(/synthesize {2}[1-9]\d* s/);
    expect(screen.cursorVisible()).toBe(false);
    screen.press('C-c');
    await screen.waitFor(/exit 130/);
    expect(screen.cursorVisible()).toBe(true);
  });

  test('holds back what others write while it is on the screen, and shows it afterwards', async () => {
    const beforeClose =
      'await new Promise((resolve) => setTimeout(resolve, 600)); process.stderr.write("late words\\n");' +
      'await new Promise((resolve) => setTimeout(resolve, 400));';
    const screen = terminal(playScript(endlessRun, { workspace, colour: true, speed: 10, beforeClose }));
    expect((await screen.waitFor(/exit 0/)).match(/late words/g)).toHaveLength(1);
    expect(screen.text().match(/synthesize/g)).toHaveLength(1);
  });

  test('shows as many tasks as fit: the others are counted by state', async () => {
    const tasks = Array.from({ length: 400 }, (_, index) => ({
      ...{ id: `align[part=${index}]`, stage: 'align', kind: 'align' },
      needs: [],
    }));
    const many = timed([
      [0, { ...runStarted, tasks } as typeof runStarted],
      ...tasks.slice(0, 300).map(({ id }) => [0, cached(id)] as const),
      ...tasks.slice(300, 303).map(({ id }) => [0.1, taskStarted(id, 'never run')] as const),
    ]);
    const screen = terminal(playScript(many, { workspace, colour: true, speed: 1, beforeClose: stays }), {
      columns: 80,
      rows: 12,
    });
    const text = await screen.waitFor(/[1-9] s\n/);
    expect(
      text
        .split('\n')
        .slice(-9)
        .join('\n')
        .replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '*')
        // A busy machine shows a later second, of each line its own.
        .replace(/\d+ s\b/g, '1 s'),
    ).toBe(`  ↓ 300 tasks from cache
  · 97 tasks waiting
  * align[part=300]  1 s
      never run
  * align[part=301]  1 s
      never run
  * align[part=302]  1 s
      never run
  300 of 400 tasks, 1 s so far`);
  });

  test('never loads the drawing library when everything is in the cache', async () => {
    const refuse =
      "export async function resolve(name, context, next) { if (name === 'listr2') throw new Error('loaded'); return next(name, context); }";
    const prelude = `
      const { register } = await import('node:module');
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(refuse)}));`;
    const screen = terminal(playScript(cachedRun, { workspace, colour: true, speed: 1, prelude }));
    expect(await screen.waitFor(/exit/)).toMatch(/everything was in the cache \(5 tasks\) - 180 ms[^]*exit 0/);
    const other = terminal(playScript(endlessRun, { workspace, colour: true, speed: 1, prelude }));
    expect(await other.waitFor(/exit/)).toContain('Error: loaded');
  });
});

function cached(task: string): Parameters<typeof timed>[0][number][1] {
  return { type: 'task-ended', task, result: { outcome: 'cached', key: 'aa' as Key } };
}
