/** What the service takes and no more; beyond each of them a request is refused with its own status. */
export interface ServiceLimits {
  /** Of an image. 413. */
  readonly maxBytes: number;
  /** That an image claims, before anything of it is decoded. 413. */
  readonly maxPixels: number;
  /** In one image. 422. */
  readonly maxFaces: number;
  /** For a request from its first byte to its answer, in milliseconds. 408 or 503. */
  readonly timeoutMs: number;
  /** Images that are decoded and searched at a time, each in a process of its own. */
  readonly processes: number;
  /** Memory of such a process, in mebibytes, beyond which it ends and the image is refused. 422. */
  readonly processMebibytes: number;
  /** Requests that wait or are in work; more are refused with 429. */
  readonly maxRequests: number;
  /** Bytes of the bodies of all these together. 429. */
  readonly maxWaitingBytes: number;
}

export const usualLimits: ServiceLimits = {
  maxBytes: 10 * 2 ** 20,
  maxPixels: 40_000_000,
  maxFaces: 100,
  timeoutMs: 30_000,
  processes: 2,
  processMebibytes: 1536,
  maxRequests: 256,
  maxWaitingBytes: 128 * 2 ** 20,
};
