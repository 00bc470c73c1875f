/**
 * Seeded pseudo-random numbers: xoshiro128** 1.1 (Blackman and Vigna 2018), its state filled by splitmix32.
 * Small, fast, and the same on every machine, which `Math.random` is not.
 */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    let word = seed >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      word = (word + 0x9e3779b9) >>> 0;
      return mix(word);
    });
  }

  /** An independent generator for one purpose, so that adding a draw elsewhere does not shift this one. */
  static derive(seed: number, purpose: string): Random {
    let word = seed >>> 0;
    for (const character of purpose) word = mix((word ^ (character.codePointAt(0) ?? 0)) + 0x9e3779b9);
    return new Random(word);
  }

  /** Restores a generator from {@link save}. */
  static restore(state: readonly number[]): Random {
    const random = new Random(0);
    random.#state.set(state);
    return random;
  }

  /** Four 32-bit words from which {@link Random.restore} goes on. */
  save(): number[] {
    return [...this.#state];
  }

  /** A 32-bit unsigned integer. */
  next(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.next() / 2 ** 32);
  }

  /** A whole number in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Normally distributed with mean 0 and standard deviation 1 (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle<T>(items: T[] | (T extends number ? Uint32Array | Int32Array : never)): void {
    const array = items as T[];
    for (let last = array.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      [array[last], array[other]] = [array[other] as T, array[last] as T];
    }
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
