import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { serverProject } from '@polar-gosling/domain';
import { type JsonObject, type Secret, sha256Hex } from '@polar-gosling/kernel';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, WebhookTokenRow } from '@polar-gosling/ports/store';
import type { EngineDeps } from '../api/engine.ts';
import type { TokenCheck, WebhookAnswer, WebhookRequest } from '../api/webhooks.ts';
import { references } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type DeliveryFacts, readFacts } from './facts.ts';

const keptMs = 8 * 86_400_000;
const signatureToleranceS = 300;
const deliveryStampMs = 60_000;

/** Is this token one of ours at all? Asked before the body is read. */
export async function checkToken(
  deps: InternalDeps,
  token: string,
  options: CallOptions,
): Promise<TokenCheck> {
  const tokenSha256 = sha256Hex(token);
  const rows = await readGrants(deps, tokenSha256, options);
  return rows.length === 0 ? { kind: 'unknown' } : { kind: 'known', tokenSha256 };
}

/** What a token is good for, as of at most a moment ago. */
async function readGrants(
  deps: InternalDeps,
  tokenSha256: string,
  options: CallOptions,
): Promise<readonly WebhookTokenRow[]> {
  const known = deps.lately.grants.get(tokenSha256);
  if (known !== undefined) return known;
  const rows = await tokenRows(deps, tokenSha256, options);
  if (rows.length > 0) deps.lately.grants.set(tokenSha256, rows);
  return rows;
}

async function tokenRows(
  deps: EngineDeps,
  tokenSha256: string,
  options: CallOptions,
): Promise<WebhookTokenRow[]> {
  return listAll(deps.store, { ...typed.webhookTokens, query: { partition: tokenSha256 } }, options);
}

/** Delivery row and wake-up in one transaction; the answer comes after the commit. The body itself is not kept. */
export async function ingest(
  deps: InternalDeps,
  request: WebhookRequest,
  options: CallOptions,
): Promise<WebhookAnswer> {
  const body = parseJson(request.body);
  if (body === undefined) return { kind: 'bad_json' };
  const facts = readFacts(request.headers['x-gitlab-event'] ?? '', body);
  const server = await serverOf(deps, { request, projectId: facts.projectId }, options);
  if (server === undefined) return { kind: 'denied' };
  const project = serverProject(server.name, facts.projectId ?? 0);
  if (!(await hasGoodSignature(deps, { request, server, project }, options))) return { kind: 'denied' };
  if (facts.kind === 'ignored') return { kind: 'ignored' };
  return commitDelivery(deps, { request, facts, project }, options);
}

const byteOrderMark = '\u{feff}';

function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!isUtf8(body)) return undefined;
  // Checked and read apart: a fatal TextDecoder takes twice as long.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  try {
    const parsed: unknown = JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The token must be valid for the body's project; on which server that is, the token's own row says. */
async function serverOf(
  deps: InternalDeps,
  at: { request: WebhookRequest; projectId: number | undefined },
  options: CallOptions,
): Promise<{ name: string; egg: string } | undefined> {
  const rows = await readGrants(deps, at.request.tokenSha256, options);
  const row = rows.find(({ server_project }) => server_project.endsWith(`#${at.projectId}`));
  return row && { name: row.server_project.slice(0, row.server_project.lastIndexOf('#')), egg: row.egg_name };
}

/** Where the project has a signing token, a bad or absent signature is not saved by a good token. */
async function hasGoodSignature(
  deps: InternalDeps,
  at: { request: WebhookRequest; server: { name: string; egg: string }; project: string },
  options: CallOptions,
): Promise<boolean> {
  if (!(await mustBeSigned(deps, at.project, options))) return true;
  const secret = await deps.secrets.read(references.signingToken(at.server.name, at.server.egg), options);
  return secret !== undefined && isSigned(at.request, secret, deps.clock.now());
}

async function mustBeSigned(deps: InternalDeps, project: string, options: CallOptions): Promise<boolean> {
  const known = deps.lately.signing.get(project);
  if (known !== undefined) return known;
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: project } }, options);
  const mustBe = row?.has_signing_token ?? false;
  deps.lately.signing.set(project, mustBe);
  return mustBe;
}

/** Standard Webhooks: `v1,` + base64(HMAC-SHA256(key, id.timestamp.body)), any of a list, at most 5 minutes old. */
export function isSigned(
  request: Pick<WebhookRequest, 'headers' | 'body'>,
  signingToken: Secret,
  nowMs: number,
): boolean {
  const id = request.headers['webhook-id'] ?? '';
  const timestamp = request.headers['webhook-timestamp'] ?? '';
  const given = (request.headers['webhook-signature'] ?? '').split(' ');
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > signatureToleranceS) return false;
  const key = Buffer.from(signingToken.reveal().replace(/^whsec_/, ''), 'base64');
  const digest = createHmac('sha256', key)
    .update(`${id}.${timestamp}.`)
    .update(request.body)
    .digest('base64');
  const expected = Buffer.from(`v1,${digest}`);
  return given.some((one) => {
    const candidate = Buffer.from(one);
    return candidate.length === expected.length && timingSafeEqual(candidate, expected);
  });
}

async function commitDelivery(
  deps: EngineDeps,
  at: { request: WebhookRequest; facts: DeliveryFacts; project: string },
  options: CallOptions,
): Promise<WebhookAnswer> {
  const { request, facts, project } = at;
  const now = deps.clock.now();
  const id = request.headers['webhook-id'] ?? request.headers['idempotency-key'] ?? sha256Hex(request.body);
  const dedupKey = `${project}#${id.slice(0, 200)}`;
  const outcome = await deps.store.commit(
    [
      {
        kind: 'put',
        table: 'webhook_deliveries',
        row: {
          dedup_key: dedupKey,
          server_project: project,
          kind: facts.kind,
          facts: facts as object as JsonObject, // plain values; the store leaves out what is undefined
          received_at: now,
          state: 'received',
          expires_at: now + keptMs,
        },
        when: { kind: 'absent' },
      },
      outboxWrite({ kind: 'webhook', key: dedupKey, trace: dedupKey }, deps),
    ],
    options,
  );
  if (outcome.kind === 'conflict') return { kind: 'duplicate' };
  deps.queue.wake();
  return { kind: 'accepted' };
}

/** Notes at most once a minute that the project's hook delivers. */
export async function stampDelivery(deps: EngineDeps, project: string, options: CallOptions): Promise<void> {
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: project } }, options);
  const now = deps.clock.now();
  if (row === undefined || now - (row.last_delivery_at ?? 0) < deliveryStampMs) return;
  const key = { table: 'projects', partition: project } as const;
  await deps.store.commit(
    [
      {
        kind: 'update',
        key,
        set: { last_delivery_at: now },
        when: { kind: 'version', version: row.version },
      },
    ],
    options,
  );
}

/** A body over the limit came with a good token: look at its projects instead. */
export async function sweepProjectsOf(
  deps: EngineDeps,
  tokenSha256: string,
  options: CallOptions,
): Promise<void> {
  for (const row of await tokenRows(deps, tokenSha256, options)) {
    const write = outboxWrite({ kind: 'sweep', key: row.server_project, trace: row.server_project }, deps);
    await deps.store.commit([write], options);
  }
  deps.queue.wake();
}
