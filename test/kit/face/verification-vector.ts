/** The test vector of the 2018 system's ROC code: 600 pairs, 302 of them of the same person. */
export const vectorPairs = (() => {
  const u = Array.from({ length: 600 }, (_, i) => (7919 * i) % 1000);
  return {
    distances: u.map((value) => (2 * value + 1) / 500),
    same: u.map((value, i) => value + ((104729 * i) % 400) < 700),
  };
})();
