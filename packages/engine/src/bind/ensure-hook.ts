import { splitServerProject } from '@polar-gosling/domain';
import { Secret, sha256Hex } from '@polar-gosling/kernel';
import type { GitlabHook, GitlabTarget, HookSpec } from '@polar-gosling/ports/gitlab';
import type { CallOptions, ProjectRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite } from '../rows/writes.ts';
import { nestBinding } from '../webhooks/handle.ts';
import type { BoundProject } from './bound-project.ts';
import { references } from './targets.ts';

const tokenBytes = 32;

/** So long a token that was replaced is still taken: events of before may be under way. */
const previousTokenMs = 10 * 60_000;

interface HookContext {
  readonly egg: string;
  readonly project: Pick<BoundProject, 'key'>;
  readonly target: GitlabTarget;
  /** Where the Egg keeps its webhook secret, when not in the layout. */
  readonly webhookSecret?: string | undefined;
}

/**
 * One webhook per project and installation; its token belongs to the first bound Egg by name. The token's verifier is
 * committed before the hook is made. In poll mode no hook is made.
 */
export async function ensureHook(deps: InternalDeps, at: HookContext, options: CallOptions): Promise<void> {
  const { publicUrl } = deps.settings;
  if (publicUrl === undefined) return;
  const { key } = at.project;
  const owner = await ownerOf(deps, key, options);
  if (owner !== at.egg) return;
  const row = await getRow(deps.store, { ...typed.projects, key: { partition: key } }, options);
  if (row === undefined) return;
  const url = `${publicUrl.replace(/\/+$/, '')}/webhooks/gitlab`;
  const spec = await hookSpec(deps, { ...at, url }, options);
  const tokenSha256 = sha256Hex(spec.token.reveal());
  const signingSha256 = spec.signingToken && sha256Hex(spec.signingToken.reveal());
  await writeVerifier(deps, { key, egg: at.egg, tokenSha256 }, options);
  const facts = { row, url, tokenSha256, signingSha256 };
  if (isFresh(deps, { ...facts, owner })) return;
  const hook = await makeOrMend(deps, { ...at, ...facts, spec }, options);
  await noteHook(deps, { ...facts, hook, owner }, options);
}

/** Whose token the project's webhook carries: the first bound Egg by name that is here to stay, else the Nest. */
export async function ownerOf(
  deps: InternalDeps,
  key: string,
  options: CallOptions,
): Promise<string | undefined> {
  const bindings = await listAll(deps.store, { ...typed.bindings, query: { partition: key } }, options);
  const names = bindings.map(({ egg_name }) => egg_name).toSorted();
  const keys = names.map((partition) => ({ partition }));
  const rows = await getRows(deps.store, { ...typed.eggConfigs, keys }, options);
  const leaving = new Set(rows.filter(({ status }) => status === 'draining').map(({ name }) => name));
  const eggs = names.filter((name) => name !== nestBinding);
  return eggs.find((name) => !leaving.has(name)) ?? (names.includes(nestBinding) ? nestBinding : eggs[0]);
}

interface HookFacts {
  readonly row: ProjectRow;
  readonly url: string;
  readonly tokenSha256: string;
  readonly signingSha256: string | undefined;
}

function isFresh(deps: InternalDeps, at: HookFacts & { owner: string }): boolean {
  const { row } = at;
  const isHealthy = row.alert_status === undefined || row.alert_status === 'executable';
  const isSame = row.hook_id !== undefined && isSameHook(at) && row.hook_owner === at.owner;
  return isSame && isHealthy && !isHookCheckDue(deps, row);
}

/** GitLab shows no token: what we noted after sending it stands for it. A GitLab that does not sign needs no new key. */
function isSameHook({ row, url, tokenSha256, signingSha256 }: HookFacts): boolean {
  const hasKey = !row.has_signing_token || row.hook_signing_sha256 === signingSha256;
  return row.hook_url === url && row.hook_token_sha256 === tokenSha256 && hasKey;
}

/** Sweeps come a little early each time: half their interval makes every one of them look at the webhook. */
export function isHookCheckDue(deps: InternalDeps, row: ProjectRow): boolean {
  return deps.clock.now() - (row.checked_at ?? 0) >= deps.settings.sweepEveryMs / 2;
}

async function hookSpec(
  deps: InternalDeps,
  at: HookContext & { url: string },
  options: CallOptions,
): Promise<HookSpec> {
  const { server } = splitServerProject(at.project.key);
  const fresh = new Secret(deps.ids.token(tokenBytes));
  const place = at.webhookSecret ?? references.webhookSecret(server, at.egg);
  const role = `webhook secret of egg ${at.egg} on ${server}`;
  // Asks the backend each time, past what is kept: so a secret that another process rotated is seen by this very bind.
  const token = await deps.secrets.writeIfAbsent(place, fresh, { ...options, role });
  const freshKey = new Secret(
    `whsec_${Buffer.from(deps.ids.token(tokenBytes), 'base64url').toString('base64')}`,
  );
  const signingToken = await deps.secrets.writeIfAbsent(
    references.signingToken(server, at.egg),
    freshKey,
    options,
  );
  return {
    url: at.url,
    token,
    signingToken,
    sslVerification: at.url.startsWith('https:'),
    name: `polar-gosling ${deps.settings.installation}`,
  };
}

/** What checks a webhook's token without the secret store. */
async function writeVerifier(
  deps: InternalDeps,
  at: { key: string; egg: string; tokenSha256: string },
  options: CallOptions,
): Promise<void> {
  const key = { partition: at.tokenSha256, sort: at.key };
  const before = await getRow(deps.store, { ...typed.webhookTokens, key }, options);
  if (before?.egg_name === at.egg && before.until === undefined) return;
  const set = { egg_name: at.egg, until: undefined };
  await deps.store.commit(
    [{ kind: 'update', key: { table: 'webhook_tokens', ...key }, set, when: { kind: 'any' } }],
    options,
  );
}

async function makeOrMend(
  deps: InternalDeps,
  at: HookContext & HookFacts & { spec: HookSpec },
  options: CallOptions,
): Promise<GitlabHook> {
  const { projectId } = splitServerProject(at.project.key);
  const { hooks } = deps.gitlab;
  const existing = (await hooks.list(at.target, projectId, options)) ?? [];
  const ours = existing.find(({ id }) => id === at.row.hook_id) ?? existing.find(({ url }) => url === at.url);
  if (ours === undefined) return hooks.create(at.target, { projectId, spec: at.spec }, options);
  const isOff = ours.alertStatus !== undefined && ours.alertStatus !== 'executable';
  if (!isOff && isAsNoted(at, ours)) return ours;
  const mended = await hooks.update(at.target, { projectId, hookId: ours.id, spec: at.spec }, options);
  if (isOff) {
    deps.log.warn('GitLab had switched our webhook off; it is tested, which heals it', {
      key: at.project.key,
      state: ours.alertStatus,
    });
    await hooks.test(at.target, { projectId, hookId: ours.id, event: 'push_events' }, options);
  }
  return mended === 'missing' ? hooks.create(at.target, { projectId, spec: at.spec }, options) : mended;
}

function isAsNoted(at: HookFacts & { egg: string }, ours: GitlabHook): boolean {
  const { row, url } = at;
  const isNoted = row.hook_id === ours.id && isSameHook(at) && row.hook_owner === at.egg;
  const hasTokens = ours.hasToken !== false && (ours.hasSigningToken ?? false) === row.has_signing_token;
  return isNoted && ours.url === url && hasTokens;
}

async function noteHook(
  deps: InternalDeps,
  at: HookFacts & { hook: GitlabHook; owner: string },
  options: CallOptions,
): Promise<void> {
  const { row, hook } = at;
  const set = {
    hook_owner: at.owner,
    hook_id: hook.id,
    hook_url: at.url,
    hook_token_sha256: at.tokenSha256,
    hook_signing_sha256: at.signingSha256,
    has_signing_token: hook.hasSigningToken ?? false,
    alert_status: hook.alertStatus,
    checked_at: deps.clock.now(),
  };
  const key = { table: 'projects', partition: row.server_project } as const;
  const isNew = row.hook_id !== hook.id;
  const audit = auditWrite(
    {
      actor: 'bind',
      action: 'hook_made',
      resourceType: 'hook',
      resourceId: row.server_project,
      details: { hookId: hook.id, url: at.url },
    },
    deps,
  );
  await deps.store.commit(
    [
      { kind: 'update', key, set, when: { kind: 'present' } },
      ...(await endPrevious(deps, at, options)),
      ...(isNew ? [audit] : []),
    ],
    options,
  );
  if (isNew) deps.log.info('a webhook was made', { key: row.server_project, url: at.url });
}

/** GitLab has the new token now: the one before it has an end. */
async function endPrevious(
  deps: InternalDeps,
  { row, tokenSha256 }: HookFacts,
  options: CallOptions,
): Promise<Write[]> {
  const previous = row.hook_token_sha256;
  if (previous === undefined || previous === tokenSha256) return [];
  const at = { partition: previous, sort: row.server_project };
  const before = await getRow(deps.store, { ...typed.webhookTokens, key: at }, options);
  if (before === undefined || before.until !== undefined) return [];
  const set = { until: deps.clock.now() + previousTokenMs };
  const when = { kind: 'version', version: before.version } as const;
  return [{ kind: 'update', key: { table: 'webhook_tokens', ...at }, set, when }];
}
