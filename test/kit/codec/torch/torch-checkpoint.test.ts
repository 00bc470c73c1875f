import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { floatsOf } from '../../../../src/kit/codec/torch/stored-tensor.ts';
import { readTorchCheckpoint, torchCheckpoint } from '../../../../src/kit/codec/torch/torch-checkpoint.ts';
import { modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';

const golden = 'test/kit/codec/golden';

describe('checkpoints of PyTorch', () => {
  it.each(['torch-1.13.pt', 'torch-1.13-legacy.pth'])('%s: tensors by the keys that lead to them', (name) => {
    const { tensors, others, classes } = readTorchCheckpoint(join(golden, name));
    expect(tensors.map((tensor) => [tensor.name, tensor.type, tensor.shape])).toEqual([
      ['state_dict.0.weight', 'F32', [3, 2, 1, 1]],
      ['state_dict.1.weight', 'F32', [3]],
      ['state_dict.1.bias', 'F32', [3]],
      ['state_dict.1.running_mean', 'F32', [3]],
      ['state_dict.1.running_var', 'F32', [3]],
      ['state_dict.1.num_batches_tracked', 'I64', []],
      ['last', 'F32', [3, 2]],
      ['half', 'F16', [2]],
    ]);
    expect(others).toEqual(['epoch', 'args']);
    expect(classes).toEqual(['argparse.Namespace']);
    const values = (wanted: string): number[] => {
      const tensor = tensors.find((each) => each.name === wanted) ?? expect.fail();
      return [...(floatsOf(tensor, tensor.read()) ?? [])];
    };
    // A view of [[0, 1, 2], [3, 4, 5]] that is turned over its diagonal, and not stored so.
    expect(values('last')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(values('half')).toEqual([1, 1]);
    expect(values('state_dict.1.running_var')).toEqual([1, 1, 1]);
  });

  it.each([
    ['refused-os-system.pt', 'posix.system'],
    ['refused-eval.pt', '__builtin__.eval'],
  ])('%s runs nothing, and is refused by the name that it asks for', async (name, asked) => {
    for (const read of [
      () => readTorchCheckpoint(join(golden, name)),
      () => torchCheckpoint.decode(new Cursor(readFileSync(join(golden, name)), name)),
      () => modelFormatOf(join(golden, name)).read(join(golden, name), {}),
    ]) {
      const [failure] = await failuresOf(read);
      expect(failure).toMatchObject({
        code: 'pickle-refused',
        message: `it asks Python to import ${asked}; only data is read, so this is refused`,
      });
    }
    expect(existsSync('/tmp/faceflow-was-here')).toBe(false);
  });

  it('that were changed on the way are damaged', async () => {
    const bytes = readFileSync(join(golden, 'torch-1.13.pt'));
    const path = join(temporaryFolder(), 'changed.pt');
    // Within the values of the first tensor, which begin at a multiple of 64 bytes.
    const at = Math.ceil((bytes.indexOf('data/0FB') + 'data/0FB??'.length) / 64) * 64 + 2;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { tensors } = readTorchCheckpoint(path);
    const [failure] = await failuresOf(() => tensors.map((tensor) => tensor.read()));
    expect(failure?.message).toMatch(/^the check sum of the record torch-1.13\/data\/0 is another$/);
  });
});
