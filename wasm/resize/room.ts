/*
 * The memory of the module, laid out anew for each image: areas one behind the other from the end of what the compiler uses.
 */

/** Where the first area begins. */
export function firstArea(): usize {
  return (__heap_base + 15) & ~15;
}

/** Behind an area of so many bytes, and behind what vectors read and write beyond them. */
export function behind(at: usize, length: i32): usize {
  return (at + <usize>length + 47) & ~15;
}

/** Makes the memory reach as far as `end`; false if there is none. */
export function reach(end: usize): bool {
  const pages = <i32>((end + 0xffff) >> 16) - memory.size();
  return pages <= 0 || memory.grow(pages) >= 0;
}
