import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { terminalSvg } from './illustrations/terminal-svg.ts';

/**
 * Makes the images of a failing run, of `flow why` and of mistakes in a file, each from the real command in a real
 * terminal. Needs tmux. `npm run --silent build && node dist/bench/screens.js docs/images`
 */
const [target = 'docs/images'] = process.argv.slice(2);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const columns = 110;
const temporary = mkdtempSync(join(tmpdir(), 'flow-screens-'));
const workspace = join(temporary, 'workspace');
const socket = join(temporary, 'tmux');
cpSync(join(repository, 'pipelines'), join(workspace, 'pipelines'), { recursive: true });
mkdirSync(target, { recursive: true });

process.once('exit', () => {
  tmux('kill-server');
  rmSync(temporary, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function tmux(...words: string[]): string {
  return execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' });
}

/** What a terminal shows when the commands have ended, as they would be typed. */
async function screenOf(name: string, rows: number, commands: readonly string[]): Promise<string> {
  const ended = join(temporary, `${name}.ended`);
  const flow = `node '${join(repository, 'bin', 'flow.js')}'`;
  const typed = commands.map((command) => `echo '$ flow ${command}'; ${flow} ${command}; echo`);
  const script = `export FLOW_ENGINE=wasm; ${typed.join('; ')}; touch '${ended}'; exec cat`;
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-s',
    name,
    '-c',
    workspace,
    '-x',
    `${columns}`,
    '-y',
    `${rows}`,
    script,
  );
  while (!existsSync(ended)) await new Promise((wake) => setTimeout(wake, 200));
  await new Promise((wake) => setTimeout(wake, 200));
  return tmux('capture-pane', '-t', name, '-e', '-p').trimEnd();
}

const smoke = 'pipelines/smoke/quickstart.yaml';
const publish = `extends: ${smoke}
name: publish
stages:
  publish:
    uses: shell
    with:
      command: |
        echo "checking the model"
        python3 -c 'import json, os; print(json.load(open(os.environ["model"] + "/model.json"))["licence"])'
        cp -r "$model" "$out"
      inputs: { model: "\${stages.train.outputs.model}" }
      outputs: { out: published }
`;
writeFileSync(join(workspace, 'publish.yaml'), publish);
writeFileSync(
  join(workspace, 'mistakes.yaml'),
  `name: mistakes
params:
  margin: wide
stages:
  train:
    uses: train
    with:
      dataset: \${stages.pakc.outputs.dataset}
      loss: { name: arcface, margin: "\${params.margin}" }
      network: { name: y1, embedingSize: 128 }
  pack:
    uses: face2rec
    with: { images: faces }
`,
);

const failed = await screenOf('failed', 30, ['run publish.yaml']);
writeFileSync(
  join(workspace, 'publish.yaml'),
  `${publish}  train:\n    with:\n      batch: 8\n      optimizer: { learningRate: 0.03 }\n`,
);
const images = {
  failed,
  why: await screenOf('why', 24, ['why publish.yaml train', 'plan publish.yaml', 'why publish.yaml pack']),
  mistakes: await screenOf('mistakes', 26, ['check mistakes.yaml']),
};
for (const [name, screen] of Object.entries(images)) {
  writeFileSync(join(target, `${name}.svg`), terminalSvg(screen, columns));
}
console.log(`images are in ${target}`);
