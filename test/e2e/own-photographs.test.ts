import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { documentedCommands, documentedFiles } from './documented-files.ts';
import { Rig } from './rig.ts';

/**
 * The commands of docs/own-photographs.md, on photographs of ten people of LFW, a checkpoint as arcface_torch saves it
 * (bench/peers/small_checkpoint.py: few channels, random weights), and the 2018 authors' own network for a figure that says something.
 */
const data = '../shared/data';
const missing = ['lfw/deepfunneled-250', 'models/mobilefacenet-y1'].some((each) => !existsSync(`${data}/${each}`));
const document = 'docs/own-photographs.md';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** Ten people with at least three photographs each, and a pairs.csv of all their first three. */
function prepare(): void {
  const folder = `${data}/lfw/deepfunneled-250`;
  const people = readdirSync(folder)
    .filter((name) => readdirSync(`${folder}/${name}`).length >= 3)
    .slice(0, 10);
  const rows = ['left,right,same'];
  for (const [index, name] of people.entries()) {
    mkdirSync(rig.path('photos', name), { recursive: true });
    const files = readdirSync(`${folder}/${name}`).sort().slice(0, 3);
    for (const [number, file] of files.entries()) {
      copyFileSync(`${folder}/${name}/${file}`, rig.path('photos', name, `${number + 1}.jpg`));
    }
    const next = people[(index + 1) % people.length] ?? '';
    for (const [one, other] of [
      [1, 2],
      [2, 3],
      [1, 3],
    ]) {
      rows.push(`${name}/${one}.jpg,${name}/${other}.jpg,1`, `${name}/${one}.jpg,${next}/${other}.jpg,0`);
    }
  }
  rig.write('pairs.csv', `${rows.join('\n')}\n`);
}

test.skipIf(missing)(
  `the commands of ${document} lead to a figure on a page${missing ? ' (skipped: no ../shared/data)' : ''}`,
  async () => {
    prepare();
    for (const [name, text] of documentedFiles(document)) rig.write(name, text);
    const commands = documentedCommands(document, 'flow');
    expect(commands).toHaveLength(6);
    copyFileSync('test/fixtures/small-iresnet.pt', rig.path('backbone.pt'));
    const outputs = [];
    for (const command of commands) {
      const { code, stdout, stderr } = await rig.flow(command.split(' ').slice(1), { FLOW_ENGINE: '' });
      expect([command, code, stderr]).toEqual([command, 0, '']);
      outputs.push(stdout);
    }
    expect(outputs[0]).toContain('iresnet of arcface_torch');
    expect(outputs[0]).toContain('tells no folds');
    expect(outputs[1]).toContain('no mistakes');
    expect(outputs[3]).toMatch(/accuracy +(1|0\.\d+)/);
    expect(outputs[3]).toMatch(/aligned +30\n/);
    const page = rig.read('runs/latest/own-model/outputs/page/report.html');
    expect(page).toContain('60 pairs');
    expect(page).toContain('The strangest');
    const model = `params.model=${process.cwd()}/${data}/models/mobilefacenet-y1/model-0000.params`;
    const { code } = await rig.flow(['run', 'model.yaml', '--set', model], { FLOW_ENGINE: '' });
    expect(code).toBe(0);
    expect((await rig.flow(['metrics', 'own-model'])).stdout).toMatch(/verify +accuracy +(1|0\.9\d+)\n/);
    expect(rig.read('runs/latest/own-program/outputs/page/report.html')).toContain('accuracy');
  },
  300_000,
);
