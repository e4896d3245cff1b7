import { binaryErrors, binaryRequestProblem, binarySecretProblem } from '@polar-gosling/ports/binaries';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, ToolVersionRow, Unit, Write } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { InstallRequest, ToolKind, Tools, ToolView } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { auditWrite } from '../rows/writes.ts';
import { resolveSource } from './resolve-source.ts';
import { byUse, forgetWrites, readVersions, tableOf, wantedId, wantedWrite } from './version-rows.ts';

/** Versions of OpenTofu and of the agent, as an operator sees and chooses them. */
export function createTools(deps: InternalDeps): Tools {
  return {
    list: (options) => Promise.all((['tofu', 'gosling'] as const).map((kind) => view(deps, kind, options))),
    async available({ kind, source }, options) {
      return deps.binaries[kind].available(await resolveSource(deps, source, options), options);
    },
    install: (caller, request, options) => askToInstall(deps, { caller, request }, options),
    async use(caller, { kind, version }, options) {
      await use(deps, { actor: caller.name, kind, version, why: 'asked for' }, options);
    },
    async rollback(caller, kind, options) {
      const previous = releaseBefore(ofPlatform(deps, kind, await readVersions(deps, kind, options)));
      if (previous === undefined) throw binaryErrors.noRollback({ what: kind });
      await use(deps, { actor: caller.name, kind, version: previous, why: 'back' }, options);
      return previous;
    },
  };
}

/**
 * What was in use before the active version and is here for all of its platforms: a machine that boots finds its agent
 * after a rollback too. A version has a row for each platform and source.
 */
function releaseBefore(rows: readonly ToolVersionRow[]): string | undefined {
  const active = rows.filter((row) => row.active);
  const isCovered = (wanted: string) =>
    active.every(({ platform }) =>
      rows.some(({ release, platform: here }) => release === wanted && here === platform),
    );
  return byUse(rows)
    .map(({ release }) => release)
    .find((release) => release !== active[0]?.release && isCovered(release));
}

async function view(deps: InternalDeps, kind: ToolKind, options: CallOptions): Promise<ToolView> {
  const versions = await readVersions(deps, kind, options);
  const running = kind === 'tofu' ? await deps.tofu.tool(options).catch(() => undefined) : undefined;
  return {
    kind,
    platform: deps.binaries[kind].platform,
    versions,
    ...(running && {
      running: { version: running.version, source: running.source, product: running.product },
    }),
  };
}

async function askToInstall(
  deps: InternalDeps,
  at: { caller: Caller; request: InstallRequest },
  options: CallOptions,
): Promise<string> {
  const { kind, version } = at.request;
  const platform = at.request.platform ?? deps.binaries[kind].platform;
  const request = { ...at.request, platform };
  checkRequest(request);
  const id = wantedId(request);
  const key = `${kind}#${id}`;
  const details = { version, platform, source: request.source.kind, use: request.use };
  const who = { actor: at.caller.name, action: 'install' };
  const trace = deps.ids.next();
  const decide = async () => ({
    unit: [
      wantedWrite(request, trace),
      ...(await forgetWrites(deps, request, options)),
      outboxWrite({ kind: 'install', key, trace }, deps),
      auditWrite({ ...who, resourceType: 'tool', resourceId: kind, details }, deps),
    ],
    result: undefined,
  });
  await commitDecision(deps.store, `the versions of ${kind}`, { ...options, decide });
  deps.queue.wake();
  return id;
}

/** What no worker could ever do leaves no row. */
function checkRequest({ kind, version, platform, source }: InstallRequest): void {
  const secretRef = source.auth?.secretRef;
  const problem =
    binaryRequestProblem({ program: kind, version, platform, source }) ??
    (secretRef === undefined ? undefined : binarySecretProblem(secretRef));
  if (problem !== undefined) throw binaryErrors.badRequest(problem);
}

/** One version is active, on all platforms it is here for. Workers follow before their next run. */
export async function use(
  deps: InternalDeps,
  at: { actor: string; kind: ToolKind; version: string; why: string },
  options: CallOptions,
): Promise<void> {
  const decide = async () => ({
    unit: useUnit(deps, at, await readVersions(deps, at.kind, options)),
    result: undefined,
  });
  await commitDecision(deps.store, `the versions of ${at.kind}`, { ...options, decide });
}

function useUnit(
  deps: InternalDeps,
  at: { actor: string; kind: ToolKind; version: string; why: string },
  rows: readonly ToolVersionRow[],
): Unit {
  const { kind, version } = at;
  if (!ofPlatform(deps, kind, rows).some(({ release }) => release === version)) {
    throw binaryErrors.unknownVersion({ what: kind, version });
  }
  const now = deps.clock.now();
  const before = rows.find(({ active }) => active)?.release;
  const changed = rows.filter((row) => row.state === undefined && (row.release === version || row.active));
  const writes = changed.map((row): Write => {
    const key = { table: tableOf(kind).table, partition: row.version_id };
    const set = row.release === version ? { active: true, activated_at: now } : { active: false };
    return { kind: 'update', key, set, when: { kind: 'version', version: row.version } };
  });
  const details = { before, after: version, why: at.why };
  const entry = { actor: at.actor, action: 'use', resourceType: 'tool', resourceId: kind, details } as const;
  return [...writes, auditWrite(entry, deps)];
}

/** Those that this platform's workers can run. */
export function ofPlatform(
  deps: InternalDeps,
  kind: ToolKind,
  rows: readonly ToolVersionRow[],
): ToolVersionRow[] {
  const { platform } = deps.binaries[kind];
  // The agent's versions are for other machines than this one.
  return rows.filter((row) => row.state === undefined && (kind === 'gosling' || row.platform === platform));
}
