import type { EngineIdentity } from '../../../core/engine-identity.ts';
import type { Json } from '../../../core/digest.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import type { Point2 } from '../align-face.ts';

/** Edges in pixels of the image, which the box may exceed; x to the right, y down, (0, 0) at the upper left corner. */
export interface FaceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** x, y in pixels of the image: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner. */
export type FacePoints = readonly [Point2, Point2, Point2, Point2, Point2];

/** A face that a {@link Detector} has found. */
export interface DetectedFace {
  readonly box: FaceBox;
  /** Confidence, 0..1. */
  readonly score: number;
  /** Absent if the detector finds boxes only. They may be outside of the image, as the box may. */
  readonly points?: FacePoints;
}

/** An image and the box that a face is known to be in. */
export interface BoxedImage {
  readonly image: RgbImage;
  readonly box: FaceBox;
}

export interface DetectionSettings {
  /**
   * The side in pixels of the smallest faces to look for, for each image, instead of the detector's own option; undefined
   * in it: the option. A detector without a pyramid leaves out faces whose longer side is shorter.
   */
  readonly minimumSizes?: readonly (number | undefined)[];
  /** Detection stops between images or networks and rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** All that the answers of a detector depend on but the engine, for records. */
export interface DetectorIdentity {
  readonly name: string;
  /** The options, with defaults filled in. */
  readonly options: Readonly<Record<string, Json>>;
  /** SHA-256 of each weight file, by its name. */
  readonly weights: Readonly<Record<string, string>>;
}

/** Finds faces in images of any size, which may differ. */
export interface Detector {
  readonly identity: DetectorIdentity;
  /** Engine, version, device or execution provider, and threads, for people: what really computes. */
  readonly computesWith: string;
  /**
   * Resolves to the faces of each image, by descending score. An image that is too small for the detector, down to one
   * without pixels, has none. What is found in an image does not depend on the others.
   */
  detect(images: readonly RgbImage[], settings?: DetectionSettings): Promise<readonly (readonly DetectedFace[])[]>;
  /**
   * Limited detection: each image is a rough crop around one face, which is not looked for but refined; undefined where
   * the last network sees none. Absent from detectors that cannot.
   */
  refineCrops?(
    images: readonly RgbImage[],
    settings?: DetectionSettings,
  ): Promise<readonly (DetectedFace | undefined)[]>;
  /**
   * Forced detection: the face in each known box, whatever its score; undefined only for a box that has no area or is not
   * finite, or an image without pixels. Absent from detectors that cannot.
   */
  refineBoxes?(
    boxed: readonly BoxedImage[],
    settings?: DetectionSettings,
  ): Promise<readonly (DetectedFace | undefined)[]>;
  /** Frees the networks. */
  dispose(): Promise<void>;
}

/** What a detector is opened with, beside its options. */
export interface DetectorResources {
  readonly engine: EngineIdentity;
  readonly threads: number;
  /** The weights: see the detector. Absent: those that come with the product, or that `flow fetch-model` has fetched. */
  readonly weights?: string | undefined;
}

/**
 * A detector as the registry knows it. The options are in experiments and so in keys; engine and weights come from
 * elsewhere (an engine is part of the key by itself, a weight file is an input).
 */
export interface DetectorKind<Options> {
  readonly summary: string;
  /** JSON schema of each option; all have defaults. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  /** Fails with the codes of the weights' format, those of `openSession`, and `other-weights` where they are of another network. */
  open(options: Options, resources: DetectorResources): Promise<Detector>;
}
