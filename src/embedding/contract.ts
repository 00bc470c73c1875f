import { canonicalJson, digestOf, type Digest } from '../core/digest.ts';
import type { DetectorIdentity } from '../kit/face/detectors/detector.ts';
import type { FaceTemplate } from '../kit/face/align-face.ts';

/** Raised when a vector of the same network, options and image becomes another one. */
const layoutVersion = 1;

/** What of an embedder decides its vectors. */
export interface ContractedEmbedder {
  /** Digest of the network and of what is fed to it: the contract of the stage `features`. */
  readonly network: Digest;
  readonly template: FaceTemplate;
  readonly mirrored: boolean;
}

/**
 * What vectors must have in common to be comparable, as one digest: the network, how a face is found, cut out and fed to it. The
 * engine is not in it: engines agree within rounding. Without a detector: of images that are aligned already.
 */
export function embeddingContract(embedder: ContractedEmbedder, detector: DetectorIdentity | undefined): Digest {
  const { network, template, mirrored } = embedder;
  const found = detector === undefined ? null : { ...detector };
  return digestOf(canonicalJson({ layout: layoutVersion, network, template, mirrored, detector: found }));
}
