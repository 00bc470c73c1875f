/**
 * Colours of inks, as OpenCV mixes them (modules/imgcodecs/src/utils.cpp, `icvCvt_CMYK2BGR_8u_C4C3R`): with c and k the
 * light that cyan and black leave, 0..255, red is k - ((255 - c) * k >> 8). No colour profile is asked.
 *
 * @param inks cyan, magenta, yellow, black of each pixel, 0..255, where 255 is all ink.
 */
export function cmykToRgb(inks: Uint8Array): Uint8Array {
  const pixels = Math.floor(inks.length / 4);
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const black = 255 - (inks[4 * pixel + 3] ?? 0);
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[3 * pixel + channel] = black - (((inks[4 * pixel + channel] ?? 0) * black) >> 8);
    }
  }
  return rgb;
}
