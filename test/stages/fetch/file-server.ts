import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a server answers one request. */
export type Manner =
  /** As it should: whole, or from the byte on that `Range` names, unless `If-Range` names another version. */
  | 'well'
  /** Whole, whatever is asked, without a validator. */
  | 'ignores ranges'
  /** Whole, with a header that says how the bytes are compressed, as many servers do with `.tar.gz` files. */
  | 'names a compression'
  /** Ends the connection after so many bytes of the body. */
  | { readonly breaksAfter: number; readonly meanwhile?: () => void }
  /** Says nothing at all. */
  | 'silent'
  /** Sends this many bytes and then nothing any more, without ending. */
  | { readonly stallsAfter: number }
  | { readonly status: number }
  | { readonly redirectsTo: string };

/** How a body is sent that is sent. */
type BodyManner = Extract<Manner, 'well' | { breaksAfter: number } | { stallsAfter: number }>;

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** A real HTTP server on 127.0.0.1 that misbehaves on demand, request by request, and well after that. */
export class FileServer {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, { readonly content: Buffer; readonly etag: string }>();
  readonly #manners: Manner[] = [];

  readonly #host: string;

  private constructor(host: string) {
    this.#host = host;
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  /** Listens until the test ends. */
  static async open(host = '127.0.0.1'): Promise<FileServer> {
    const server = new FileServer(host);
    await new Promise<void>((resolve) => server.#server.listen(0, host, resolve));
    onTestFinished(async () => {
      server.#server.closeAllConnections();
      await new Promise((resolve) => server.#server.close(resolve));
    });
    return server;
  }

  /** Puts a file there and returns its URL. */
  put(path: string, content: Buffer, etag = '"1"'): string {
    this.#files.set(path, { content, etag });
    return this.url(path);
  }

  url(path: string): string {
    return `http://${this.#host}:${String((this.#server.address() as AddressInfo).port)}${path}`;
  }

  /** How the next requests are answered. */
  next(...manners: readonly Manner[]): void {
    this.#manners.push(...manners);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    const [ifRange] = [request.headers['if-range']].flat();
    this.asked.push({ path: request.url ?? '', range, ifRange });
    const manner = this.#manners.shift() ?? 'well';
    const file = this.#files.get(request.url ?? '');
    if (manner === 'silent') return;
    if (typeof manner === 'object' && 'status' in manner) response.writeHead(manner.status).end('no');
    else if (typeof manner === 'object' && 'redirectsTo' in manner) {
      response.writeHead(302, { location: manner.redirectsTo }).end();
    } else if (file === undefined) response.writeHead(404).end('nothing here');
    else if (manner === 'ignores ranges') {
      response.writeHead(200, { 'content-length': file.content.length }).end(file.content);
    } else if (manner === 'names a compression') {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': file.content.length }).end(file.content);
    } else this.#send(this.#head(file, { range, ifRange }, response), manner, response);
  }

  #send(body: Buffer | undefined, manner: BodyManner, response: ServerResponse): void {
    if (body === undefined) return;
    if (manner === 'well') {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, 'breaksAfter' in manner ? manner.breaksAfter : manner.stallsAfter), () => {
      if (!('breaksAfter' in manner)) return;
      manner.meanwhile?.();
      // The bytes get a moment to leave before the line is cut.
      setTimeout(() => response.socket?.destroy(), 20);
    });
  }

  #head(
    { content, etag }: { readonly content: Buffer; readonly etag: string },
    { range, ifRange }: Pick<Asked, 'range' | 'ifRange'>,
    response: ServerResponse,
  ): Buffer | undefined {
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const wantsPart = start > 0 && (ifRange === undefined || ifRange === etag);
    if (wantsPart && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${String(content.length)}` }).end();
      return undefined;
    }
    const body = wantsPart ? content.subarray(start) : content;
    const headers = { etag, 'content-length': body.length };
    const last = content.length - 1;
    if (wantsPart) {
      response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${last}/${content.length}` });
    } else response.writeHead(200, headers);
    return body;
  }
}
