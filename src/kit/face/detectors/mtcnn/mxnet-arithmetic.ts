import { roundHalfEven } from '../../../../core/round-half-even.ts';
import { resizeBilinear, resizeBilinearToFloats } from '../../resize-bilinear.ts';
import { type Arithmetic, mapEdges, pointsInBox, shiftBox } from './arithmetic.ts';

/**
 * As the 2018 system's deployment (deploy/mtcnn_detector.py): bilinear images, edges rounded to the nearest pixel, the
 * last pixel counted in everywhere. Boxes that were cut are clipped to the image, and what the networks say is relative
 * to what is left of them.
 */
export const mxnetArithmetic: Arithmetic = {
  thresholds: [0.6, 0.7, 0.8],
  hasScale: (side) => side > 12,
  isProposal: (probability, threshold) => probability > threshold,
  proposalOrder: 'rows',
  proposal: (column, row, scale) => ({
    left: roundHalfEven((2 * column + 1) / scale),
    top: roundHalfEven((2 * row + 1) / scale),
    right: roundHalfEven((2 * column + 13) / scale),
    bottom: roundHalfEven((2 * row + 13) / scale),
  }),
  shiftProposal: shiftBox,
  square({ left, top, right, bottom }) {
    const [width, height] = [right - left + 1, bottom - top + 1];
    const side = Math.max(width, height);
    const [x, y] = [left + width * 0.5 - side * 0.5, top + height * 0.5 - side * 0.5];
    return mapEdges({ left: x, top: y, right: x + side - 1, bottom: y + side - 1 }, roundHalfEven);
  },
  // One pixel larger than the image, as in the original.
  wholeImage: ({ width, height }) => ({ left: 0, top: 0, right: width, bottom: height }),
  cut: ({ left, top, right, bottom }, { width, height }) => ({
    window: { left, top, width: Math.trunc(right - left + 1), height: Math.trunc(bottom - top + 1) },
    box: {
      left: Math.max(left, 0),
      top: Math.max(top, 0),
      right: Math.min(right, width - 1),
      bottom: Math.min(bottom, height - 1),
    },
  }),
  points: (box, shares) => pointsInBox(box, shares, 0),
  scaleImage: resizeBilinear,
  scaleForRefinement: (patch, side) => resizeBilinear(patch, { width: side, height: side }).data,
  scaleForOutput: (patch, side) => resizeBilinearToFloats(patch, { width: side, height: side }),
};
