import { resizeArea, resizeAreaToFloats } from '../../resize-area.ts';
import { type Arithmetic, mapEdges, pointsInBox } from './arithmetic.ts';

/**
 * As the 2018 system's preparation of data (src/align/detect_face.py, after facenet and the authors' MATLAB): means of
 * areas, edges cut to the pixel before, coordinates that begin at 1 where a window is cut. Boxes may exceed the image.
 */
export const tensorflowArithmetic: Arithmetic = {
  thresholds: [0.6, 0.7, 0.7],
  hasScale: (side) => side >= 12,
  isProposal: (probability, threshold) => probability >= threshold,
  proposalOrder: 'columns',
  proposal: (column, row, scale) => ({
    left: Math.trunc((2 * column + 1) / scale),
    top: Math.trunc((2 * row + 1) / scale),
    right: Math.trunc((2 * column + 12) / scale),
    bottom: Math.trunc((2 * row + 12) / scale),
  }),
  shiftProposal({ left, top, right, bottom }, shift) {
    const [width, height] = [right - left, bottom - top];
    return {
      left: left + shift[0] * width,
      top: top + shift[1] * height,
      right: right + shift[2] * width,
      bottom: bottom + shift[3] * height,
    };
  },
  square({ left, top, right, bottom }) {
    const [width, height] = [right - left, bottom - top];
    const side = Math.max(width, height);
    const [x, y] = [left + width * 0.5 - side * 0.5, top + height * 0.5 - side * 0.5];
    return mapEdges({ left: x, top: y, right: x + side, bottom: y + side }, Math.trunc);
  },
  wholeImage: ({ width, height }) => ({ left: 1, top: 1, right: width, bottom: height }),
  cut: (box) => ({
    window: {
      left: Math.trunc(box.left) - 1,
      top: Math.trunc(box.top) - 1,
      width: Math.trunc(box.right - box.left + 1),
      height: Math.trunc(box.bottom - box.top + 1),
    },
    box,
  }),
  points: (box, shares) => pointsInBox(box, shares, -1),
  scaleImage: resizeArea,
  scaleForRefinement: scaleToFloats,
  scaleForOutput: scaleToFloats,
};

function scaleToFloats(patch: Parameters<typeof resizeAreaToFloats>[0], side: number): Float64Array {
  return resizeAreaToFloats(patch, { width: side, height: side });
}
