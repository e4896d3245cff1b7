import { type EggConfig, registrationSpecHash } from '@polar-gosling/domain';
import type { GitlabTarget, RunnerSpec } from '@polar-gosling/ports/gitlab';
import type { CallOptions, RegistrationRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { requireOk } from '../leases/lease.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite } from '../rows/writes.ts';
import { registrationsOf, type WantedRegistration } from './registrations-of.ts';
import { references } from './targets.ts';

interface RegistrationContext {
  readonly egg: string;
  readonly config: EggConfig;
  readonly wanted: WantedRegistration;
  readonly target: GitlabTarget;
}

/** The Egg's GitLab runner object of one scope: made once, its settings kept as the Nest says. */
export async function ensureRegistration(
  deps: InternalDeps,
  at: RegistrationContext,
  options: CallOptions,
): Promise<void> {
  const specHash = registrationSpecHash(at.config.runner);
  const row = await getRow(deps.store, { ...typed.registrations, key: { partition: at.wanted.id } }, options);
  if (row === undefined) await createRegistration(deps, { ...at, specHash }, options);
  else await keepRegistration(deps, { ...at, specHash, row }, options);
}

async function createRegistration(
  deps: InternalDeps,
  at: RegistrationContext & { specHash: string },
  options: CallOptions,
): Promise<void> {
  const { wanted, target } = at;
  const spec = runnerSpec(deps, at);
  await removeStrays(deps, at, options);
  const tokenRef = await freeTokenRef(deps, at, options);
  const call = { ...options, role: `runner token of egg ${at.egg} on ${wanted.server}` };
  // A place that cannot be reached is met before GitLab makes a runner whose token nobody could keep.
  await deps.secrets.read(tokenRef, call);
  const made = await deps.gitlab.runners.create(target, spec, options);
  await deps.secrets.write(tokenRef, made.token, call);
  for (const projectId of wanted.alsoProjects)
    await deps.gitlab.runners.enable(target, { id: made.id, projectId }, options);
  const row = {
    id: wanted.id,
    egg_name: at.egg,
    server: wanted.server,
    scope: wanted.scope,
    scope_id: wanted.scopeId,
    enabled_projects: [...wanted.alsoProjects],
    gitlab_runner_id: made.id,
    token_ref: tokenRef,
    token_expires_at: made.expiresAt,
    spec_hash: at.specHash,
    state: 'active',
  };
  const details = { egg: at.egg, gitlabRunnerId: made.id, scope: `${wanted.scope} ${wanted.scopeId}` };
  const unit = [
    { kind: 'put', table: 'registrations', row, when: { kind: 'absent' } } as const,
    auditWrite(
      { actor: 'bind', action: 'register', resourceType: 'registration', resourceId: wanted.id, details },
      deps,
    ),
  ];
  requireOk(await deps.store.commit(unit, options), `registration ${wanted.id}`);
  deps.log.info('a GitLab runner was registered', { egg: at.egg, server: wanted.server });
}

/** A key of its own: another registration's token, which its runners still ask for, is never written over. */
async function freeTokenRef(
  deps: InternalDeps,
  at: RegistrationContext,
  options: CallOptions,
): Promise<string> {
  const { egg, wanted } = at;
  const query = { index: 'egg_name', partition: egg };
  const others = await listAll(deps.store, { ...typed.registrations, query }, options);
  const keys = registrationsOf(at.config).map(({ id }) => ({ partition: id }));
  const named = await getRows(deps.store, { ...typed.registrations, keys }, options);
  const taken = new Set([...others, ...named].map(({ token_ref }) => token_ref));
  const given = wanted.at.tokenSecret;
  if (given !== undefined && !taken.has(given)) return given;
  for (let nth = 0; ; nth++) {
    const reference = references.runnerToken(wanted.server, egg, nth);
    if (!taken.has(reference)) return reference;
  }
}

/** Ours by their note, of an earlier answer that was lost: nobody holds their token. */
async function removeStrays(
  deps: InternalDeps,
  at: RegistrationContext,
  options: CallOptions,
): Promise<void> {
  const { scope, scopeId } = at.wanted;
  const note = noteOf(deps, at);
  for (const id of await deps.gitlab.runners.findByNote(at.target, { scope, scopeId, note }, options)) {
    deps.log.warn('a GitLab runner of an earlier, lost answer is removed', { egg: at.egg, reason: note });
    await deps.gitlab.runners.remove(at.target, id, options);
  }
}

async function keepRegistration(
  deps: InternalDeps,
  at: RegistrationContext & { specHash: string; row: RegistrationRow },
  options: CallOptions,
): Promise<void> {
  const { row, wanted, target } = at;
  const missing = wanted.alsoProjects.filter((id) => !row.enabled_projects.includes(id));
  for (const projectId of missing) {
    await deps.gitlab.runners.enable(target, { id: row.gitlab_runner_id, projectId }, options);
  }
  const key = { table: 'registrations', partition: row.id } as const;
  const when = { kind: 'version', version: row.version } as const;
  if (row.spec_hash !== at.specHash) {
    const spec = runnerSpec(deps, at);
    const outcome = await deps.gitlab.runners.update(target, { id: row.gitlab_runner_id, spec }, options);
    if (outcome === 'missing') {
      // Deleted by hand in GitLab: register anew; the next pass makes it.
      await deps.store.commit([{ kind: 'delete', key, when }], options);
      await ensureRegistration(deps, at, options);
      return;
    }
  }
  if (row.spec_hash === at.specHash && missing.length === 0) return;
  const set = { spec_hash: at.specHash, enabled_projects: [...wanted.alsoProjects] };
  requireOk(await deps.store.commit([{ kind: 'update', key, set, when }], options), `registration ${row.id}`);
}

function noteOf(deps: InternalDeps, at: RegistrationContext): string {
  return `polar-gosling ${deps.settings.installation} ${at.wanted.id}`;
}

function runnerSpec(deps: InternalDeps, at: RegistrationContext): RunnerSpec {
  const { runner } = at.config;
  return {
    scope: at.wanted.scope,
    scopeId: at.wanted.scopeId,
    description: `Polar Gosling: ${at.egg}`,
    tags: runner.tags,
    runUntagged: runner.runUntagged,
    protected: runner.protected,
    locked: runner.locked,
    ...(runner.maximumTimeoutS === undefined ? {} : { maximumTimeoutS: runner.maximumTimeoutS }),
    maintenanceNote: noteOf(deps, at),
  };
}
