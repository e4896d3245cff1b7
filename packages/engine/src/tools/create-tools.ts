import { binaryErrors, binaryRequestProblem, binarySecretProblem } from '@polar-gosling/ports/binaries';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, ToolVersionRow, Unit, Write } from '@polar-gosling/ports/store';
import type { Caller } from '../api/caller.ts';
import type { InstallRequest, ToolKind, Tools, ToolView } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { auditWrite } from '../rows/writes.ts';
import { type Chosen, chooseBefore, chooseBuilds } from './choose-builds.ts';
import { resolveSource } from './resolve-source.ts';
import { forgetWrites, readVersions, tableOf, wantedId, wantedWrite } from './version-rows.ts';

/** Versions of OpenTofu and of the agent, as an operator sees and chooses them. */
export function createTools(deps: InternalDeps): Tools {
  return {
    list: (options) => Promise.all((['tofu', 'gosling'] as const).map((kind) => view(deps, kind, options))),
    async available({ kind, source }, options) {
      return deps.binaries[kind].available(await resolveSource(deps, source, options), options);
    },
    install: (caller, request, options) => askToInstall(deps, { caller, request }, options),
    async use(caller, request, options) {
      await use(deps, { sha256: [], ...request, actor: caller.name, why: 'asked for' }, options);
    },
    async rollback(caller, kind, options) {
      const rows = await readVersions(deps, kind, options);
      const before = chooseBefore(rows, ofPlatform(deps, kind, rows));
      if (before === undefined) throw binaryErrors.noRollback({ what: kind });
      await use(deps, { ...before, actor: caller.name, kind, why: 'back' }, options);
      return before.version;
    },
  };
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

type Use = Chosen & { readonly actor: string; readonly kind: ToolKind; readonly why: string };

/** One version is active, in one build on each platform it is here for. Workers follow before their next run. */
export async function use(deps: InternalDeps, at: Use, options: CallOptions): Promise<void> {
  const decide = async () => ({
    unit: useUnit(deps, at, await readVersions(deps, at.kind, options)),
    result: undefined,
  });
  await commitDecision(deps.store, `the versions of ${at.kind}`, { ...options, decide });
}

function useUnit(deps: InternalDeps, at: Use, rows: readonly ToolVersionRow[]): Unit {
  const { kind, version } = at;
  if (!ofPlatform(deps, kind, rows).some(({ release }) => release === version)) {
    throw binaryErrors.unknownVersion({ what: kind, version });
  }
  const chosen = chooseBuilds(rows, at);
  const now = deps.clock.now();
  const before = rows.find(({ active }) => active)?.release;
  const changed = rows.filter((row) => row.state === undefined && (row.active || chosen.includes(row)));
  const writes = changed.map((row): Write => {
    const key = { table: tableOf(kind).table, partition: row.version_id };
    const set = chosen.includes(row) ? { active: true, activated_at: now } : { active: false };
    return { kind: 'update', key, set, when: { kind: 'version', version: row.version } };
  });
  const sha256 = chosen.flatMap(({ sha256_hash: sum }) => sum ?? []);
  const details = { before, after: version, sha256, why: at.why };
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
