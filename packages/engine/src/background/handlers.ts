import type { MessageKind } from '@polar-gosling/ports/queue';
import type { CallOptions } from '@polar-gosling/ports/store';
import { bindEgg } from '../bind/bind-egg.ts';
import { bindNest } from '../bind/bind-nest.ts';
import type { InternalDeps } from '../deps.ts';
import { runSet } from '../long-lived/run-set.ts';
import { isLongLived } from '../long-lived/sets.ts';
import { prune } from '../prune/prune.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { runShard } from '../run/run-shard.ts';
import { sweepProject } from '../sweep/sweep-project.ts';
import { syncNest } from '../sync/sync-nest.ts';
import { installTool } from '../tools/install-tool.ts';
import { handleDelivery, nestBinding } from '../webhooks/handle.ts';
import { keepPlansInForce } from './keep-plans.ts';
import { sweepBlobs } from './sweep-blobs.ts';
import { sweepMachines } from './sweep-machines.ts';

/** How a handler ended: done, or to be tried again after `delayMs` (somebody else is at it, or more is to do). */
export type Handled =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly delayMs: number }
  /** Nobody here knows what to do; more tries would not help. */
  | { readonly kind: 'unknown'; readonly reason: string };

const done: Handled = { kind: 'done' };
/** Somebody else holds it, or something must end first: asked again, not in a hot loop. */
const soon: Handled = { kind: 'again', delayMs: 1_000 };

export type Handler = (
  deps: InternalDeps,
  key: string,
  options: CallOptions & { trace: string },
) => Promise<Handled>;

/** What is done about each kind; each is safe to repeat. */
export const handlers: Readonly<Partial<Record<MessageKind, Handler>>> = {
  webhook: async (deps, key, options) => {
    await handleDelivery(deps, key, options);
    return done;
  },
  reconcile: async (deps, key, options) => ((await reconcile(deps, key, options)) === 'busy' ? soon : done),
  run: async (deps, key, options) => {
    const at = key.lastIndexOf('#');
    const egg = key.slice(0, at);
    const outcome = isLongLived(egg)
      ? await runSet(deps, egg, options)
      : await runShard(deps, { egg, shard: Number(key.slice(at + 1)) }, options);
    if (outcome === 'idle') return done;
    return outcome === 'again' ? { kind: 'again', delayMs: 0 } : soon;
  },
  bind: async (deps, key, options) => {
    if (key === nestBinding) {
      await bindNest(deps, options);
      return done;
    }
    return (await bindEgg(deps, key, options)) === 'busy' ? soon : done;
  },
  sweep: async (deps, key, options) => {
    await sweepProject(deps, key, options);
    return done;
  },
  sync: async (deps, _key, options) => ((await syncNest(deps, options)) === 'busy' ? soon : done),
  install: async (deps, key, options) => {
    await installTool(deps, key, options);
    return done;
  },
  collect: async (deps, key, options) => {
    if (key === 'machines') {
      await sweepMachines(deps, options);
      return done;
    }
    // Before what no plan names any more is looked for.
    await keepPlansInForce(deps, options);
    await sweepBlobs(deps, options);
    return done;
  },
  prune: async (deps, _key, options) => {
    await prune(deps, options);
    return done;
  },
};
