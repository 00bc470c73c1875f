import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../e2e/rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  rig.write(
    'a.yaml',
    'name: a\nstages:\n  task:\n    uses: shell\n    with: { command: "echo printed; echo 1 > $out", outputs: { out: out.txt } }\n',
  );
  const ended = await rig.flow(['run', 'a.yaml', '--json']);
  expect(ended.code).toBe(0);
});

afterAll(async () => {
  await rig.dispose();
});

/** Every command with `--json`; those that print events print several lines. */
const calls: readonly (readonly [command: string, keys: readonly string[]])[] = [
  ['run a.yaml', ['at', 'type']],
  ['plan a.yaml', ['experiment', 'tasks']],
  ['why a.yaml task', ['0']],
  ['check a.yaml', ['experiment', 'tasks', 'failures', 'warnings']],
  ['init new.yaml', ['file']],
  ['init --stage stages/mine', ['files']],
  ['import-command train.py imported.yaml', ['file']],
  ['status', ['runs']],
  ['status a.yaml', ['experiment', 'lastRun', 'tasks']],
  ['repeat a.yaml task', ['type', 'task', 'key', 'identical', 'differing']],
  ['lock a.yaml', ['file', 'inputs']],
  ['runs', ['runs']],
  ['show a', ['run', 'facts', 'gitDiff', 'tasks', 'attempts', 'figures', 'artifacts']],
  ['logs task --run @first', ['run', 'task', 'file', 'text']],
  ['metrics a', ['run', 'figures']],
  ['page a', ['run', 'page']],
  ['compare a @first', ['runs', 'rows']],
  ['table a', ['failures']],
  ['rerun a', ['at', 'type']],
  ['export a exported', ['run', 'folder', 'results']],
  ['cache ls', ['folder', 'bytes', 'results']],
  ['cache gc --dry-run', ['dropped', 'kept', 'freedBytes', 'scratch']],
  ['cache verify', ['read', 'damaged']],
  ['cache pin a:task', ['keys', 'pinned']],
  ['cache export results', ['copied', 'known']],
  ['cache import results', ['imported', 'known', 'damaged']],
  ['db check', ['problems']],
  ['db rebuild', ['runs']],
  ['rm @first', ['removed']],
  ['import exported', ['failures']],
  ['stages', ['0']],
  ['inspect a.yaml', []],
  ['doctor', []],
  ['align gone.jpg', ['detector', 'images']],
  ['embed gone.jpg --model gone.onnx', ['failures']],
  ['compare-faces a.jpg b.jpg --model gone.onnx', ['failures']],
  ['identify a.jpg gallery --model gone.onnx', ['failures']],
  ['benchmark a.jpg --model gone.onnx', ['failures']],
  ['serve --token-file gone', ['failures']],
  ['export-model out --model gone.onnx', ['failures']],
  ['completion bash', ['shell', 'script']],
  ['accept a.yaml task --reason none', ['failures']],
];

test.each(calls)('flow %s --json prints JSON', async (command, keys) => {
  const first = rig.runs()[0] ?? '';
  const { stdout } = await rig.flow([...command.replace('@first', first).split(' '), '--json']);
  const last = stdout.trim().startsWith('{"') ? (stdout.trim().split('\n').at(-1) ?? '') : stdout;
  expect(Object.keys(JSON.parse(last) as object)).toEqual(expect.arrayContaining([...keys]));
});

test.each([
  ['run --json', "missing required argument 'file'"],
  ['run a.yaml --json --jbos 2', "unknown option '--jbos'\n(Did you mean --jobs?)"],
])('a call that is not understood, flow %s, is a failure as JSON too', async (command, message) => {
  const ended = await rig.flow(command.split(' '));
  expect(ended.code).toBe(2);
  expect(JSON.parse(ended.stdout)).toEqual({ failures: [{ code: 'wrong-call', message }] });
  expect(ended.stderr).toBe(`error: ${message}\n`);
});

test('a value that an option does not take is a failure with a code, as JSON too', async () => {
  const ended = await rig.flow(['run', 'a.yaml', '--json', '--cpus', '0']);
  expect(ended.code).toBe(2);
  const message = 'expected --cpus to be an integer of at least 1, found "0"';
  expect(JSON.parse(ended.stdout)).toEqual({ failures: [{ code: 'wrong-option', message }] });
  expect(ended.stderr).toBe(`wrong-option: ${message}\n`);
});
