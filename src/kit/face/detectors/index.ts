// The registry comes here:
//   export const detectors = { mtcnn, scrfd, retinaface, yunet, centerface } as const;
//   /** { name: 'mtcnn', ...options with defaults filled in }; in stage.json {"$ref": "../../schemas/kit.schema.json#/$defs/detector"}. */
//   export type DetectorChoice = ...;
//   export function openDetector(choice: DetectorChoice, resources: DetectorResources): Promise<Detector>;
