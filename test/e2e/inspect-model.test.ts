import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildNetwork, chooseNetwork } from '../../src/net/backbones/index.ts';
import { writeModel } from '../../src/net/model-folder.ts';
import { randomParameters } from '../net/engines/small-networks.ts';
import { Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  const graph = buildNetwork(chooseNetwork('y1', { embeddingSize: 16 }), { height: 112, width: 112 });
  writeModel(join(rig.folder, 'model'), {
    graph,
    parameters: randomParameters(graph, 1).values(),
    origin: { network: 'y1' },
  });
});

afterEach(() => {
  return rig.dispose();
});

describe('flow inspect of a model folder', () => {
  it('says what the network takes and gives, and lists its units with their costs', async () => {
    const { code, stdout } = await rig.flow(['inspect', 'model']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^model: model folder/);
    expect(stdout).toMatch(/takes +3 x 112 x 112\n +gives +fc1: 16\n/);
    expect(stdout).toMatch(
      /res_4_block0_conv \.\. res_4_block5_conv +6 +conv 1x1, 256 · .* 128 x 14 x 14 +417,792 +79,779,840/,
    );
    const everyLayer = await rig.flow(['inspect', 'model', '--all']);
    expect(everyLayer.stdout).toMatch(
      /res_4_block3_conv_dw_conv2d +depthwise conv 3x3, 256 +256 x 14 x 14 +2,304 +451,584/,
    );
  });

  it('draws it', async () => {
    const { code, stdout } = await rig.flow(['inspect', 'model', '--svg', 'y1.svg']);
    expect(code).toBe(0);
    expect(stdout).toContain('y1.svg shows the network.');
    expect(readFileSync(join(rig.folder, 'y1.svg'), 'utf8')).toContain('>6 times</text>');
  });

  it('names the layer and the parameter that do not fit', async () => {
    const file = join(rig.folder, 'model', 'model.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"filters": 64', '"filters": 32'));
    const { code, stderr } = await rig.flow(['inspect', 'model', '--svg', 'y1.svg']);
    expect(code).toBe(2);
    expect(stderr).toContain('layer "conv_2_dw_conv2d" (convolution) 32 channels cannot be split into 64 groups');
    expect(existsSync(join(rig.folder, 'y1.svg'))).toBe(false);
  });
});
