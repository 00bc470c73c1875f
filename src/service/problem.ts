import { FailureError } from '../core/failure.ts';

/** Why a request is refused, as it is answered: RFC 9457, application/problem+json. */
export interface ProblemDetails {
  /** `urn:faceflow:` and the code of the problem, which is stable. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Id of the request, as the log has it. */
  readonly instance?: string;
}

/** A request that is refused. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  /** Seconds after which the request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(code: string, status: number, { detail, retryAfter }: { detail: string; retryAfter?: number }) {
    super(detail);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  details(instance: string): ProblemDetails {
    const { code, status, message: detail } = this;
    return { type: `urn:faceflow:${code}`, title: code.replaceAll('-', ' '), status, detail, instance };
  }
}

/** What failures of the library mean for those who ask over HTTP. */
const statusOf: Readonly<Record<string, number>> = {
  'too-many-pixels': 413,
  'undecodable-image': 422,
  'no-face': 422,
  'several-faces': 422,
  'no-points': 422,
  'equal-points': 422,
  'image-size-mismatch': 422,
  'embedding-not-finite': 422,
};

/** A failure of the library as a problem; undefined for a defect of ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof FailureError)) return undefined;
  const [{ code, message }] = error.failures;
  const status = statusOf[code];
  return status === undefined ? undefined : new Problem(code, status, { detail: message });
}
