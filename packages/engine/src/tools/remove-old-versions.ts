import type { CallOptions, Write } from '@polar-gosling/ports/store';
import type { ToolKind } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { auditWrite } from '../rows/writes.ts';
import { ofPlatform } from './create-tools.ts';
import { decideRemovals } from './decide-removals.ts';
import { readVersions, tableOf } from './version-rows.ts';
import { versionsInPlans } from './versions-in-plans.ts';

/** Versions kept to go back to, beside the active one. */
const keep = 3;

/**
 * Forgets versions that nobody goes back to. Their bytes go once no row names them: from Blobs by the sweep, from each
 * host by its own tidying.
 */
export async function removeOldVersions(
  deps: InternalDeps,
  kind: ToolKind,
  options: CallOptions,
): Promise<void> {
  const rows = ofPlatform(deps, kind, await readVersions(deps, kind, options));
  const inPlans = kind === 'tofu' ? await versionsInPlans(deps, options) : new Set<string>();
  for (const row of decideRemovals(rows, { keep, now: deps.clock.now(), inPlans })) {
    const key = { table: tableOf(kind).table, partition: row.version_id };
    const details = {
      version: row.release,
      platform: row.platform,
      why: `more than ${keep} before the active one`,
    };
    const unit: Write[] = [
      { kind: 'delete', key, when: { kind: 'version', version: row.version } },
      auditWrite(
        { actor: 'install', action: 'remove', resourceType: 'tool', resourceId: kind, details },
        deps,
      ),
    ];
    // In conflict: somebody chose it meanwhile.
    await deps.store.commit(unit, options);
  }
}
