import type { Detector, DetectorKind, DetectorResources } from './detector.ts';
import { centerface } from './centerface.ts';
import { mtcnn } from './mtcnn.ts';
import { retinaface } from './retinaface.ts';
import { scrfd } from './scrfd.ts';
import { yunet } from './yunet.ts';

/** The detectors of faces that a stage can use. */
export const detectors = { mtcnn, centerface, scrfd, retinaface, yunet } as const;

export type DetectorName = keyof typeof detectors;

type Options = {
  readonly [Name in DetectorName]: (typeof detectors)[Name] extends DetectorKind<infer Own> ? Own : never;
};

/** The choice of a detector as an experiment makes it: its name, and all its options with defaults filled in. */
export type DetectorChoice<Name extends DetectorName = DetectorName> = {
  [Each in Name]: { readonly name: Each } & Options[Each];
}[Name];

const table: { readonly [Name in DetectorName]: DetectorKind<Options[Name]> } = detectors;

/** Opens a detector. Fails as {@link DetectorKind.open}. */
export function openDetector<Name extends DetectorName>(
  choice: DetectorChoice<Name>,
  resources: DetectorResources,
): Promise<Detector> {
  return table[choice.name].open(choice, resources);
}
