import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rig, until, withoutTimes } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

async function why(...args: string[]): Promise<string> {
  const { stdout, stderr } = await rig.flow(['why', ...args]);
  expect(stderr).toBe('');
  return withoutTimes(stdout).replaceAll(rig.folder, '<workspace>');
}

function copies(more = ''): void {
  rig.write(
    'copy.yaml',
    `name: copy\nstages:\n  a:\n    uses: shell\n    with: { command: "cat $in > $out${more}", inputs: { in: in.txt }, outputs: { out: o } }\n`,
  );
}

describe('a task without a result that was kept', () => {
  it('is not called never run: an input that changed while it ran', async () => {
    rig.write('in.txt', 'one\n');
    copies('; echo two > in.txt');
    expect((await rig.flow(['run', 'copy.yaml'])).code).toBe(1);
    expect(await why('copy.yaml', 'a')).toBe(
      'a would run:\n' +
        '  no result yet; the last attempt: input <workspace>/in.txt changed while it ran; what it made was not put ' +
        'into the cache but is kept in <workspace>/runs/<time>-copy/kept/a (run <time>-copy)\n',
    );
  });

  it('shows how it failed, was interrupted or was left by a runner that was killed', async () => {
    rig.chain({ a: [] }, { a: 'waits: true' });
    const interrupted = rig.start(['run', 'chain.yaml']);
    await rig.workerOf('a');
    interrupted.process.kill('SIGINT');
    expect((await interrupted.ended).code).toBe(130);
    expect(await why('chain.yaml', 'a')).toBe(
      'a would run:\n  no result yet; the last attempt: interrupted (run <time>-chain)\n',
    );
    rig.order('a', 'fail');
    await rig.flow(['run', 'chain.yaml']);
    expect(await why('chain.yaml', 'a')).toMatch(
      /no result yet; the last attempt: stage-threw: the stage threw Error: told to fail \(run <time>-chain\)\n$/,
    );
    const killed = rig.start(['run', 'chain.yaml']);
    // Its process is started when that is recorded.
    await until(() => rig.starts('a') === 3);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(await why('chain.yaml', 'a')).toMatch(/the last attempt: its runner was killed \(run <time>-chain\)\n$/);
  });
});

describe('a result of a shared cache', () => {
  it('that is gone since is missed by the task that used it', async () => {
    const shared = { FLOW_CACHE: rig.path('shared') };
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml'], shared);
    const other = ['--workspace', rig.path('other')];
    rig.write('other/stages/scripted/stage.json', rig.read('stages/scripted/stage.json'));
    rig.write('other/stages/scripted/run.js', rig.read('stages/scripted/run.js'));
    expect((await rig.flow(['run', 'chain.yaml', ...other], shared)).stdout).toContain('everything was in the cache');
    await rig.flow(['cache', 'gc', '--max-size', '0'], shared);
    const lost = await rig.flow(['why', 'chain.yaml', 'a', ...other], shared);
    expect(lost.stdout).toBe('a would run:\n  its result is no longer in the cache\n');
    const changed = await rig.flow(['why', 'chain.yaml', 'a', ...other, '--set', 'a.figure=7'], shared);
    expect(changed.stdout).toBe('a would run:\n  figure 0 -> 7 (--set a.figure=7)\n');
  });
});

describe('where a value comes from', () => {
  it('is the argument, the overlay or the line, also within a longer text', async () => {
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml']);
    expect(await why('chain.yaml', 'a', '--set', 'params.suffix=x')).toBe(
      'a would run:\n  text "a" -> "ax" (--set params.suffix=x)\n',
    );
    rig.write('over.yaml', 'params:\n  suffix: y\n');
    expect(await why('chain.yaml', 'a', '--set-file', 'over.yaml')).toBe(
      'a would run:\n  text "a" -> "ay" (over.yaml:2)\n',
    );
    rig.write('chain.yaml', rig.read('chain.yaml').replace('suffix: ""', 'suffix: z'));
    expect(await why('chain.yaml', 'a')).toBe('a would run:\n  text "a" -> "az" (chain.yaml:9)\n');
  });

  it('of an input is its content, before and now, and of a variable its line', async () => {
    rig.write('in.txt', 'one\n');
    copies();
    rig.write('copy.yaml', `${rig.read('copy.yaml')}    env: { MODE: a }\n`);
    await rig.flow(['run', 'copy.yaml']);
    rig.write('in.txt', 'two, longer\n');
    rig.write('copy.yaml', rig.read('copy.yaml').replace('MODE: a', 'MODE: b'));
    expect(await why('copy.yaml', 'a')).toMatch(
      /^a would run:\n {2}input in changed: in\.txt, content [0-9a-f]{12} -> [0-9a-f]{12} \(copy\.yaml:5\)\n {2}env MODE "a" -> "b" \(copy\.yaml:6\)\n$/,
    );
  });
});
