import type { Point2 } from './similarity-transform.ts';

/**
 * Where the five points lie in an aligned image 112 pixels wide and high: image-left eye, image-right eye, nose tip,
 * image-left and image-right mouth corner (the 2018 system's template for 96 x 112, moved right by 8).
 */
export const alignmentTemplate: readonly Point2[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];
