import { drawText, textHeight, textWidth } from '../kit/face/bitmap-text.ts';
import type { DetectedFace } from '../kit/face/detectors/detector.ts';
import { drawDisc, drawFrame, fillArea, type Colour } from '../kit/image/draw-shapes.ts';
import type { RgbImage } from '../kit/image/rgb-image.ts';

const chosenColour: Colour = [60, 220, 60];
const otherColour: Colour = [255, 200, 0];
/** Image-left eye, image-right eye, nose, corners of the mouth: left ones and right ones can be told apart. */
const pointColours: readonly Colour[] = [
  [255, 60, 60],
  [60, 120, 255],
  [255, 255, 255],
  [255, 60, 60],
  [60, 120, 255],
];

/** A copy of an image with the boxes, points and numbers of its faces, from 1; the chosen one is green. */
export function drawFaces(image: RgbImage, faces: readonly DetectedFace[], chosen: number | undefined): RgbImage {
  const drawn = { ...image, data: Uint8Array.from(image.data) };
  const thickness = Math.max(1, Math.round(Math.max(image.width, image.height) / 500));
  for (const [index, { box, points = [] }] of faces.entries()) {
    const colour = index === chosen ? chosenColour : otherColour;
    drawFrame(drawn, box, { colour, thickness });
    // Of a small face the points would be a single patch.
    const radius = Math.max(1, Math.min(1.5 * thickness, (box.right - box.left) / 16));
    for (const [place, point] of points.entries()) {
      drawDisc(drawn, point, { colour: pointColours[place] ?? colour, radius });
    }
    drawNumber(drawn, index + 1, { left: Math.round(box.left), bottom: Math.round(box.top), thickness, colour });
  }
  return drawn;
}

interface NumberPlace {
  readonly left: number;
  /** The upper edge of the box that it stands on; it stands inside where there is no room above. */
  readonly bottom: number;
  readonly thickness: number;
  readonly colour: Colour;
}

function drawNumber(image: RgbImage, number: number, { left, bottom, thickness, colour }: NumberPlace): void {
  const text = String(number);
  const margin = 2 * thickness;
  const top = Math.max(0, bottom - textHeight(thickness) - 2 * margin);
  const right = left + textWidth(text, thickness) + 2 * margin;
  fillArea(image, { left, top, right, bottom: top + textHeight(thickness) + 2 * margin }, colour);
  drawText(image, text, { left: left + margin, top: top + margin, scale: thickness, color: [0, 0, 0] });
}
