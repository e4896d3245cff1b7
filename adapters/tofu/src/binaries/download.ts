import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { deadline, isCoded, type Secret } from '@polar-gosling/kernel';
import { binaryErrors, type FetchProgress, type SourceAuth } from '@polar-gosling/ports/binaries';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { HostEnvironment } from '../environment.ts';

const redirectLimit = 5;
const stallMs = 30_000;
const totalMs = 15 * 60_000;

export interface DownloadContext {
  /** Of what, as people say it: for messages. */
  readonly what: string;
  /** For proxies. */
  readonly environment: HostEnvironment;
  /** PEM of authorities to trust beside the host's. */
  readonly ca?: string | undefined;
  readonly auth?: SourceAuth | undefined;
  readonly limitBytes: number;
  /** How long the other side may stay silent. */
  readonly stallMs?: number | undefined;
  /** How long one download may last, however steadily it drips; 15 minutes. */
  readonly totalMs?: number | undefined;
  readonly signal: AbortSignal;
  onProgress?(progress: FetchProgress): void;
}

interface Answer {
  readonly body: AsyncIterable<Buffer>;
  readonly headers: Dispatcher.ResponseData['headers'];
}

/** Writes the body to `path` and answers its SHA-256. Fails with BINARY_DOWNLOAD or BINARY_UNWRITABLE. */
export async function downloadFile(url: string, path: string, context: DownloadContext): Promise<string> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw binaryErrors.unwritable({ path, reason: reasonOf(cause) }, { cause });
  });
  try {
    const hash = createHash('sha256');
    await fetchBody(url, context, async (chunk) => {
      hash.update(chunk);
      await file.writeFile(chunk).catch((cause: unknown) => {
        throw binaryErrors.unwritable({ path, reason: reasonOf(cause) }, { cause });
      });
    });
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/** A short text (a list, checksums, a key), and the headers it came with. */
export async function downloadText(
  url: string,
  context: DownloadContext,
): Promise<{ text: string; headers: Dispatcher.ResponseData['headers'] }> {
  const { bytes, headers } = await downloadBytes(url, context);
  return { text: bytes.toString('utf8'), headers };
}

export async function downloadBytes(
  url: string,
  context: DownloadContext,
): Promise<{ bytes: Buffer; headers: Dispatcher.ResponseData['headers'] }> {
  const parts: Buffer[] = [];
  const headers = await fetchBody(url, context, async (chunk) => void parts.push(chunk));
  return { bytes: Buffer.concat(parts), headers };
}

async function fetchBody(
  url: string,
  context: DownloadContext,
  take: (chunk: Buffer) => Promise<void>,
): Promise<Dispatcher.ResponseData['headers']> {
  const fail = (reason: string, cause?: unknown) =>
    binaryErrors.download({ what: context.what, url: shownUrl(url), reason }, { cause });
  const dispatcher = createDispatcher(context);
  const signal = deadline(context.signal, context.totalMs ?? totalMs);
  try {
    const { body, headers } = await get(url, { context: { ...context, signal }, dispatcher, fail });
    const totalBytes = Number(headers['content-length']) || undefined;
    let receivedBytes = 0;
    for await (const chunk of body) {
      receivedBytes += chunk.length;
      if (receivedBytes > context.limitBytes) throw fail(`it is bigger than ${context.limitBytes} bytes`);
      await take(chunk);
      context.onProgress?.({ receivedBytes, totalBytes });
    }
    return headers;
  } catch (error) {
    context.signal.throwIfAborted();
    if (isCoded(error)) throw error;
    throw fail(signal.aborted ? 'it took too long' : reasonOf(error), error);
  } finally {
    await dispatcher.destroy();
  }
}

/** Follows redirects, to https only. What proves who asks goes to the first origin alone. */
async function get(
  url: string,
  at: {
    context: DownloadContext;
    dispatcher: Dispatcher;
    fail: (reason: string) => Error;
  },
): Promise<Answer> {
  const { context, dispatcher, fail } = at;
  const first = parseUrl(url, fail);
  let next = first;
  for (let hop = 0; hop <= redirectLimit; hop++) {
    refuseUnsafe(next, fail);
    const response = await request(next, {
      dispatcher,
      signal: context.signal,
      method: 'GET',
      headers: {
        'user-agent': 'gosling',
        ...(next.origin === first.origin ? authHeaders(context.auth) : {}),
      },
      headersTimeout: context.stallMs ?? stallMs,
      bodyTimeout: context.stallMs ?? stallMs,
    });
    if (response.statusCode === 200) return response;
    await response.body.dump();
    const location = response.headers['location'];
    const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
    if (!isRedirect || typeof location !== 'string') {
      throw fail(`the server answered ${response.statusCode}${hintOf(response.statusCode)}`);
    }
    next = parseUrl(location, fail, next);
  }
  throw fail(`more than ${redirectLimit} redirects`);
}

function hintOf(status: number): string {
  if (status === 401 || status === 403) return '; the source wants a valid token';
  if (status === 404) return '; is the version right?';
  if (status === 429) return '; ask again later, or with a token';
  return '';
}

function authHeaders(auth: SourceAuth | undefined): Record<string, string> {
  if (auth === undefined) return {};
  const value = (secret: Secret) => secret.reveal();
  if (auth.kind === 'header') return { [auth.name.toLowerCase()]: value(auth.secret) };
  return { authorization: `${auth.kind === 'bearer' ? 'Bearer' : 'token'} ${value(auth.secret)}` };
}

function parseUrl(text: string, fail: (reason: string) => Error, base?: URL): URL {
  const parsed = URL.parse(text, base?.href);
  if (parsed === null) throw fail('that is no address');
  return parsed;
}

function refuseUnsafe(next: URL, fail: (reason: string) => Error): void {
  if (next.protocol !== 'https:') throw fail(`${next.protocol}//${next.host} is not https`);
  if (next.username !== '' || next.password !== '') throw fail('the address holds a user or a password');
}

function createDispatcher({ environment, ca, stallMs: stall }: DownloadContext): EnvHttpProxyAgent {
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const pick = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  return new EnvHttpProxyAgent({
    httpProxy: pick('HTTP_PROXY'),
    httpsProxy: pick('HTTPS_PROXY'),
    noProxy: pick('NO_PROXY'),
    connect: { ...tls, timeout: stall ?? stallMs },
    requestTls: tls,
  });
}

/** An address for people: without user, password and query. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/s, '');
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
