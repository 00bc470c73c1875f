/** Speed over the last seconds. */
export class Speed {
  readonly #marks: { readonly at: number; readonly count: number }[] = [];
  #count = 0;

  /** `at` in milliseconds. */
  add(count: number, at: number): void {
    this.#count += count;
    this.#marks.push({ at, count: this.#count });
    while (this.#marks.length > 2 && at - (this.#marks[0]?.at ?? at) > 10_000) this.#marks.shift();
  }

  /** Per second; undefined until there are two marks. */
  perSecond(): number | undefined {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return undefined;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }
}
