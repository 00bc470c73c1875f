import { type CodeProducts, openCodeProducts } from './code-products.ts';
import { openProducts, type ProductOptions, type Products } from './products.ts';

/** What a counter of pairs computes with. */
export interface CounterProducts {
  readonly products: Products;
  /** Products of whole numbers, where the engine of a task computes them exactly on this processor. */
  readonly codes: CodeProducts | undefined;
  /** For people. */
  readonly computesWith: string;
}

/** Fails with `engine-cannot-load`, `engine-changed`, `engine-imprecise`. */
export async function openCounterProducts(options: ProductOptions): Promise<CounterProducts> {
  const products = await openProducts(options);
  const codes = await openCodeProducts(options);
  const computesWith = `${codes === undefined ? '' : 'int8 and float32 on '}${products.computesWith}`;
  return { products, codes, computesWith };
}

/** What has computed the pairs, for people. */
export function computedBy({ ruledOut, pairs }: { readonly ruledOut: number; readonly pairs: number }): string {
  if (ruledOut === 0) return 'all pairs were computed in float32';
  return `${((100 * ruledOut) / pairs).toFixed(2)} % of the pairs were ruled out in int8, the others computed in float32`;
}
