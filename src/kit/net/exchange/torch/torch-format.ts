import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { readHead } from '../../../codec/read-file.ts';
import { readTorchCheckpoint, torchCheckpoint } from '../../../codec/torch/torch-checkpoint.ts';
import type { Model } from '../../model/model.ts';
import type { ModelFormat, ModelReadOptions } from '../model-format.ts';
import { readTensors } from './read-tensors.ts';

/** Checkpoints of PyTorch by what they hold, whatever they are called. */
export const torchFormat = {
  name: 'torch',
  title: 'PyTorch checkpoint of a known network (.pt, .pth, .ckpt)',
  summary: 'What arcface_torch, AdaFace, MagFace and CVLface save; read as data, nothing in it is run.',
  endings: [],
  standardName: '',
  recognises(path: string): boolean {
    return existsSync(path) && statSync(path).isFile() && torchCheckpoint.sniff(readHead(path), basename(path));
  },
  filesAt: (path: string) => [path],
  companions: [],
  takes: { read: ['input', 'normalization'], write: [] },
  read(path: string, options: ModelReadOptions): Model {
    const { tensors } = readTorchCheckpoint(path);
    return readTensors({ file: path, format: 'torch', tensors }, options);
  },
} as const satisfies ModelFormat;
