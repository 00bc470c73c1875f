import type { Json } from '../../src/core/digest.ts';
import type { SetPart } from '../../src/kit/dataset/packed-sets.ts';

/** For the log: which labels and images are of which set, where there are several. */
export function partsInWords(parts: readonly SetPart[]): string[] {
  if (parts.length === 1) return [];
  return parts.map(({ set, firstLabel }, index) => {
    const labels = `labels ${firstLabel} to ${firstLabel + set.identities - 1}`;
    return `set ${index + 1}, ${labels}: ${set.imageCount} images of ${set.identities} identities in ${set.folder}`;
  });
}

/** The same for model.json, without paths: models of equal trainings are equal. */
export function outlineOfParts(parts: readonly SetPart[]): Readonly<Record<string, Json>> {
  if (parts.length === 1) return {};
  const sets = parts.map(({ set, firstLabel }) => {
    return { images: set.imageCount, identities: set.identities, firstLabel };
  });
  return { sets };
}
