import { catalogue } from '../../src/core/failure.ts';
import type { ImageSize } from '../../src/kit/image/rgb-image.ts';

export const failures = catalogue({
  unequalSizes: {
    meaning: 'Images of one set have different sizes.',
    text: ({ size, first }: { readonly size: ImageSize; readonly first: FirstSet }) => ({
      message: `the images have ${size.width} x ${size.height} pixels, those of ${first.folder} have ${first.property.width} x ${first.property.height}`,
      hint: 'A packed set holds images of one size: pack both with the same imageSize.',
    }),
    example: {
      size: { width: 96, height: 112 },
      first: { folder: 'sets/one', property: { width: 112, height: 112 } },
    },
  },
});

interface FirstSet {
  readonly folder: string;
  readonly property: ImageSize;
}
