import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { BlockList } from 'node:net';
import { innerAddresses, InnerAddressError, isIn, isInnerHost, lookupOutside } from './inner-addresses.ts';

/** What is asked of a server. */
export interface BodyRequest {
  readonly url: string;
  /** Bytes that are here already. */
  readonly start: number;
  /** `ETag` or `Last-Modified` they came with; empty: none. */
  readonly validator: string;
  /** The digest of the whole is known, so it does not matter over which line it comes. */
  readonly isPinned: boolean;
  /** How long a server may keep silent. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Addresses that a redirect from outside must not lead to; {@link innerAddresses} unless given. */
  readonly inner?: BlockList;
}

/** A body on its way. */
export interface Body {
  /** Byte of the file that comes first: the one we asked for, or 0 if the server starts from the beginning. */
  readonly start: number;
  /** Bytes of the whole file; undefined if the server does not tell. */
  readonly total: number | undefined;
  readonly validator: string;
  readonly stream: IncomingMessage;
}

/** Why a body did not come, or did not come whole. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  /** Asking again may help: the server is busy, or the line broke. */
  readonly isPassing: boolean;
  /** The server has nothing from where we wanted to resume. */
  readonly isBeyondEnd: boolean;

  constructor(message: string, kind: 'passing' | 'lasting' | 'beyond-end' = 'passing') {
    super(message);
    this.isPassing = kind === 'passing';
    this.isBeyondEnd = kind === 'beyond-end';
  }
}

const maxRedirects = 10;
const rangeNotSatisfiable = 416;
const partialContent = 206;

/**
 * Asks for a file from a byte on (RFC 9110, sections 13.1.5 and 14), follows redirects, and returns its body. The body
 * has to be read to its end or destroyed. A redirect from an address that everybody can reach to one of this machine or
 * its network is refused: the owner of that server would read there what only we can.
 */
export async function openBody(request: BodyRequest): Promise<Body> {
  const { inner = innerAddresses } = request;
  let url = new URL(request.url);
  let isFromOutside = false;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const response = await ask(url, isFromOutside ? { ...request, inner } : { ...request, inner: undefined });
    const { location } = response.headers;
    if (!isRedirect(response.statusCode) || location === undefined) return accept(response, request);
    const { remoteAddress } = response.socket;
    // Unknown once the connection has ended: what may have been outside counts as that.
    isFromOutside ||= remoteAddress === undefined || !isIn(inner, remoteAddress);
    response.destroy();
    url = nextHop(url, location, request);
  }
  throw new TransferError(`more than ${maxRedirects} redirects`, 'lasting');
}

function nextHop(from: URL, location: string, { isPinned }: BodyRequest): URL {
  if (!URL.canParse(location, from.href)) throw new TransferError('a redirect to what is not a URL', 'lasting');
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') {
    throw new TransferError(`a redirect to ${shownUrl(to)}, which is neither http nor https`, 'lasting');
  }
  if (from.protocol === 'https:' && to.protocol === 'http:' && !isPinned) {
    throw new TransferError(`a redirect from https to ${shownUrl(to)}; without sha256 that is refused`, 'lasting');
  }
  return to;
}

/** Without a name, password and what follows the path, where servers put passwords that are valid for an hour. */
function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** `inner`: addresses that must not be asked. */
async function ask(
  url: URL,
  {
    start,
    validator,
    silenceMs,
    signal,
    inner,
  }: Omit<BodyRequest, 'inner'> & { readonly inner: BlockList | undefined },
): Promise<IncomingMessage> {
  const headers = {
    'user-agent': 'faceflow',
    // The bytes of the file, not of a compressed form of it: ranges and digests count those.
    'accept-encoding': 'identity',
    ...(start > 0 ? { range: `bytes=${start}-` } : {}),
    ...(start > 0 && validator !== '' ? { 'if-range': validator } : {}),
  };
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  if (inner !== undefined && isInnerHost(url, inner)) throw redirectInwards(url);
  const lookup = inner === undefined ? {} : { lookup: lookupOutside(inner) };
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    const call = get(url.href, { headers, signal, timeout: silenceMs, agent: false, ...lookup }, (answer) => {
      response = answer;
      resolve(answer);
    });
    call.on('timeout', () => {
      (response ?? call).destroy(new TransferError(`the server was silent for ${silenceMs / 1000} s`));
    });
    call.on('error', (error) => {
      if (error instanceof InnerAddressError) reject(redirectInwards(url));
      else reject(signal.aborted || error instanceof TransferError ? error : new TransferError(error.message));
    });
  });
}

function redirectInwards(url: URL): TransferError {
  const problem = 'an address of this machine or its network, from a server outside of it';
  return new TransferError(`a redirect to ${shownUrl(url)}, ${problem}`, 'lasting');
}

function accept(response: IncomingMessage, { start }: BodyRequest): Body {
  const { statusCode = 0, statusMessage = '', headers } = response;
  const length = wholeNumber(headers['content-length']);
  const validator = validatorOf(headers);
  const refuse = (message: string, kind?: 'lasting' | 'beyond-end'): never => {
    response.destroy();
    throw new TransferError(message, kind);
  };
  if (statusCode === 200) return { start: 0, total: length, validator, stream: response };
  if (statusCode === rangeNotSatisfiable) return refuse('the server has no more bytes', 'beyond-end');
  if (statusCode !== partialContent || start === 0) {
    const isPassing = statusCode >= 500 || statusCode === 408 || statusCode === 429;
    return refuse(`the server answered ${statusCode} ${statusMessage}`.trimEnd(), isPassing ? undefined : 'lasting');
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (range === null || Number(range[1]) !== start) {
    return refuse(
      `asked for bytes from ${start} on, the server sent ${headers['content-range'] ?? 'no range'}`,
      'lasting',
    );
  }
  return { start, total: wholeNumber(range[2]), validator, stream: response };
}

/** Only a strong entity tag or a date may stand in `If-Range`. */
function validatorOf({ etag, 'last-modified': modified }: IncomingMessage['headers']): string {
  if (etag !== undefined && !etag.startsWith('W/')) return etag;
  return modified ?? '';
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && [301, 302, 303, 307, 308].includes(status);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
