import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorCode, fail } from '../core/failure.ts';
import { Admission, isLoopback, knowsToken, mostBodyBytes, requireOwnName } from './admission.ts';
import type { FaceService } from './face-service.ts';
import { failures } from './failures.ts';
import type { ServiceLimits } from './limits.ts';
import { Metrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { pageHtml, pagePolicy } from './page.ts';
import { Problem, problemOf } from './problem.ts';
import { declareRoutes } from './routes.ts';

export interface ServerOptions {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Needed unless the address is of this machine alone. */
  readonly token: string | undefined;
  readonly limits: ServiceLimits;
  /** Told of defects; a client is told that there was one, and no more. */
  readonly onDefect: (error: unknown, requestId: string) => void;
}

/** A service that listens. */
export interface RunningServer {
  readonly url: string;
  /** Takes no more requests, and resolves when those in work have their answers. */
  close(): Promise<void>;
}

/** A token that is shorter can be guessed. */
const shortestToken = 16;
/** What the address of a request may name without a token: nothing that computes or knows anybody. */
const openPaths = new Set(['/', '/health', '/openapi.json']);

/** Fails with `open-without-token`, `weak-token`. */
export function requireGuarded({ address, token }: Pick<ServerOptions, 'address' | 'token'>): void {
  if (token === undefined && !isLoopback(address)) fail(failures.openWithoutToken({ address }));
  if (token !== undefined && token.length < shortestToken) fail(failures.weakToken({ characters: token.length }));
}

/** Fails as {@link requireGuarded}, and with `address-not-free`. */
export async function startServer(service: FaceService, options: ServerOptions): Promise<RunningServer> {
  const { address, port } = options;
  requireGuarded(options);
  const server = makeServer(service, options);
  try {
    const url = await server.listen({ host: address, port });
    return { url, close: () => server.close() };
  } catch (error) {
    await server.close();
    return fail(failures.addressNotFree({ address, port, problem: errorCode(error) ?? String(error) }), error);
  }
}

function makeServer(service: FaceService, options: ServerOptions): FastifyInstance {
  const { limits } = options;
  const server = fastify({
    bodyLimit: mostBodyBytes(limits),
    requestTimeout: limits.timeoutMs,
    // From the first byte of the request to the last: a slow client gets 408. Node.js takes the longer of the two for the whole.
    http: {
      requestTimeout: limits.timeoutMs,
      headersTimeout: Math.min(60_000, limits.timeoutMs),
      connectionsCheckingInterval: Math.min(1000, limits.timeoutMs),
    },
    keepAliveTimeout: 5000,
    forceCloseConnections: 'idle',
    // A name of 100 characters, each of them up to three that are composed, of three bytes, each of these three characters of a path.
    routerOptions: { maxParamLength: 2700 },
    // Values of JSON are what they are; those of addresses are turned into numbers before they are checked.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, strictSchema: false } },
    clientErrorHandler: answerBrokenRequest,
    // A path that cannot be routed comes past no hook: the client is checked here.
    frameworkErrors(error, request, reply) {
      countAnswer(metrics, 'unknown', reply);
      const found = refusalOf(() => {
        beginAnswer(request, reply, options);
      });
      answerProblem(request, reply, found ?? problemOfFramework(error, request) ?? defectOf(request));
    },
  });
  const admission = new Admission(limits);
  const metrics = new Metrics({
    requests_in_work: () => admission.requests,
    body_bytes_in_work: () => admission.bytes,
    images_waiting: () => service.counts.waiting,
    batches_total: () => service.counts.batches,
    faces_embedded_total: () => service.counts.faces,
    finding_seconds_total: () => service.counts.finding,
    embedding_seconds_total: () => service.counts.embedding,
    index_vectors: () => service.galleries.index.vectors,
    index_is_approximate: () => Number(service.galleries.index.kind === 'approximate'),
    resident_bytes: () => process.memoryUsage.rss(),
  });
  guard(server, { options, admission, metrics });
  answerErrors(server, options.onDefect);
  answerUnknown(server);
  const asBuffer = (_: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void): void => {
    done(null, body);
  };
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, asBuffer);
  server.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, asBuffer);
  declareRoutes(server, service);
  server.get('/metrics', (_, reply) => reply.type('text/plain; version=0.0.4').send(metrics.text()));
  server.get('/openapi.json', (_, reply) => reply.send(openApiDocument()));
  server.get('/', (_, reply) => reply.type('text/html').header('content-security-policy', pagePolicy).send(pageHtml()));
  return server;
}

interface Guarding {
  readonly options: Pick<ServerOptions, 'address' | 'token'>;
  readonly admission: Admission;
  readonly metrics: Metrics;
}

/** Who may ask, and how many at a time: decided before a body is read. */
function guard(server: FastifyInstance, { options, admission, metrics }: Guarding): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions;
    // What is refused is counted too.
    countAnswer(metrics, url === undefined ? 'unknown' : `${request.method} ${url}`, reply);
    beginAnswer(request, reply, options);
    const release = admission.admit(request.raw);
    reply.raw.once('close', release);
    done();
  });
}

function countAnswer(metrics: Metrics, operation: string, { raw }: FastifyReply): void {
  const start = performance.now();
  raw.once('close', () => {
    metrics.add(operation, raw.statusCode, (performance.now() - start) / 1000);
  });
}

/** Sets the headers of an answer. Throws a problem for a client that may not ask: for a name of the host that is not ours, and without the token. */
function beginAnswer(request: FastifyRequest, reply: FastifyReply, { address, token }: Guarding['options']): void {
  void reply
    .header('x-request-id', request.id)
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store');
  if (token === undefined && isLoopback(address)) requireOwnName(request.headers.host, address);
  const path = request.url.split('?', 1)[0] ?? '';
  if (token !== undefined && !openPaths.has(path) && !knowsToken(request.headers.authorization, token)) {
    void reply.header('www-authenticate', 'Bearer');
    throw new Problem('unauthorized', 401, {
      detail: 'the header Authorization has to hold the token: Bearer TOKEN',
    });
  }
}

/** The problem that a check throws. */
function refusalOf(check: () => void): Problem | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function answerErrors(server: FastifyInstance, onDefect: ServerOptions['onDefect']): void {
  server.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error) ?? problemOfFramework(error, request);
    if (problem !== undefined) {
      answerProblem(request, reply, problem);
      return;
    }
    onDefect(error, request.id);
    answerProblem(request, reply, defectOf(request));
  });
}

/** What has no route: a path, or a method of a path that has others (RFC 9110, 15.5.6). To be called before routes are declared. */
function answerUnknown(server: FastifyInstance): void {
  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    const pattern = url.replaceAll('.', String.raw`\.`).replaceAll(/:[a-z]+/g, '[^/]+');
    routes.push({ path: new RegExp(`^${pattern}$`), methods: [method].flat() });
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = routes.flatMap((route) => (route.path.test(path) ? route.methods : []));
    const known = 'GET /openapi.json tells what there is';
    if (methods.length === 0) {
      const detail = `there is nothing at this path; ${known}`;
      answerProblem(request, reply, new Problem('not-found', 404, { detail }));
      return;
    }
    void reply.header('allow', methods.join(', '));
    const detail = `this path takes ${methods.join(', ')}, and no ${request.method}; ${known}`;
    answerProblem(request, reply, new Problem('method-not-allowed', 405, { detail }));
  });
}

function answerProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  if (problem.retryAfter !== undefined) void reply.header('retry-after', problem.retryAfter);
  // What is still to come of a body that is refused is not read.
  if (!request.raw.complete) void reply.header('connection', 'close');
  void reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(problem.details(request.id))));
}

function defectOf({ id }: FastifyRequest): Problem {
  return new Problem('defect', 500, { detail: `a defect of faceflow; the log of the service tells of request ${id}` });
}

/** What Fastify refuses by itself: bodies, types and parameters that do not fit. */
function problemOfFramework(error: unknown, { headers }: FastifyRequest): Problem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  if (status < 400 || status >= 500) return undefined;
  if (status === 415) {
    const found = JSON.stringify(headers['content-type'] ?? 'none');
    const detail = `expected Content-Type image/jpeg or of another image, application/octet-stream or application/json, found ${found}`;
    return new Problem('unsupported-image', status, { detail });
  }
  return new Problem(status === 413 ? 'too-many-bytes' : 'invalid-request', status, { detail: error.message });
}

/** What is no HTTP, or comes too slowly, has no request to answer to. */
function answerBrokenRequest(
  error: Error & { readonly code?: string },
  socket: { readonly writable: boolean; end(text: string): void; destroy(): void },
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = timedOut ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const detail = timedOut ? 'the request did not come in time' : 'this is not a request that HTTP knows';
  const problem = new Problem(timedOut ? 'too-slow' : 'invalid-request', status, { detail });
  const body = JSON.stringify(problem.details(''));
  const head = `HTTP/1.1 ${status} Refused\r\ncontent-type: application/problem+json\r\nconnection: close\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
