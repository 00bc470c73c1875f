/** A decoded picture: height x width x 3 bytes, row by row, red first. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Decodes a picture of any format; `source` names it in the error. */
export function decodeImage(bytes: Uint8Array, source: string): Promise<RgbImage> {
  throw new Error(`decodeImage is not there yet (${source}, ${bytes.length} bytes)`);
}

/** Encodes as JPEG (4:2:0), quality 95 unless told. */
export function encodeJpeg(image: RgbImage, quality = 95): Uint8Array {
  throw new Error(`encodeJpeg is not there yet (${image.width} x ${image.height}, ${quality})`);
}
