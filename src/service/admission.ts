import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServiceLimits } from './limits.ts';
import { Problem } from './problem.ts';

type AdmissionLimits = Pick<ServiceLimits, 'maxBytes' | 'maxRequests' | 'maxWaitingBytes'>;

/** Names of this machine for itself, by which a browser may reach a service that listens on it alone. */
const ownNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Addresses that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(address);
}

/** Whether the header names the token; takes as long for a wrong one as for another. */
export function knowsToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S.*)$/i.exec(header ?? '')?.[1] ?? '';
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/**
 * Fails with `unknown-host` (421) where a name leads to this machine that is neither its own nor the address that it listens on: a page of another site that had its name
 * point here would read the answers otherwise.
 */
export function requireOwnName(host: string | undefined, address: string): void {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (!ownNames.has(name) && name !== address.toLowerCase())
    throw new Problem('unknown-host', 421, { detail: 'the service answers to localhost only' });
}

/** Decides before its body is read whether a request is taken: bodies in memory are bounded, however many come. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #requests = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns what to call when the request has ended. Throws a problem: 411, 413, 415, 429. */
  admit(request: IncomingMessage): () => void {
    const bytes = this.#announced(request);
    const { maxRequests, maxWaitingBytes } = this.#limits;
    if (this.#requests >= maxRequests || this.#bytes + bytes > maxWaitingBytes) {
      const detail = `${this.#requests} requests are waiting or in work; no more are taken for now`;
      throw new Problem('too-many-requests', 429, { detail, retryAfter: 1 });
    }
    this.#requests += 1;
    this.#bytes += bytes;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#requests -= 1;
      this.#bytes -= bytes;
    };
  }

  /** Bytes of the body as its header says. */
  #announced({ method, headers }: IncomingMessage): number {
    // Fastify reads bodies of all others, be they of use or not.
    if (method === 'GET' || method === 'HEAD') return 0;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      const detail = `bodies are taken as they are, not with Content-Encoding ${JSON.stringify(encoding)}`;
      throw new Problem('encoded-body', 415, { detail });
    }
    if (headers['transfer-encoding'] !== undefined) {
      throw new Problem('length-required', 411, { detail: 'the length of the body has to be told: Content-Length' });
    }
    const bytes = Number(headers['content-length'] ?? 0);
    const most = mostBodyBytes(this.#limits);
    if (bytes <= most) return bytes;
    throw new Problem('too-many-bytes', 413, { detail: `the body has ${bytes} bytes, more than ${most}` });
  }
}

/** Two images in base64, and what JSON takes around them. */
export function mostBodyBytes({ maxBytes }: Pick<ServiceLimits, 'maxBytes'>): number {
  return Math.ceil((2 * maxBytes * 4) / 3) + 1024;
}
