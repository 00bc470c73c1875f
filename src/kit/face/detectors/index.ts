import type { Detector, DetectorKind, DetectorResources } from './detector.ts';
import { centerface } from './centerface.ts';
import { type FullFrameOption, withFullFrames } from './full-frame.ts';
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
export async function openDetector<Name extends DetectorName>(
  choice: DetectorChoice<Name> & FullFrameOption,
  resources: DetectorResources,
): Promise<Detector> {
  const detector = await table[choice.name].open(choice, resources);
  return choice.fullFrame ? withFullFrames(detector) : detector;
}

/** All options of a detector at their defaults. */
export function detectorDefaults(name: DetectorName): Readonly<Record<string, unknown>> {
  const schemas: Readonly<Record<string, { readonly default?: unknown }>> = detectors[name].options;
  return Object.fromEntries(Object.entries(schemas).map(([option, schema]) => [option, schema.default]));
}
