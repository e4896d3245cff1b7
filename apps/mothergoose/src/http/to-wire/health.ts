import type { Health } from '@polar-gosling/api-contract';
import type { HealthView } from '@polar-gosling/engine';
import { toWireProblem } from './egg.ts';
import { toTimeIf } from './time.ts';

/** To nobody in particular: only whether it lives. */
export function toWireHealth(
  view: HealthView,
  { version, isKnownCaller }: { readonly version: string; readonly isKnownCaller: boolean },
): Health {
  const { live, nest } = view;
  const dependencies = view.dependencies.map(({ name, ok, detail }) =>
    isKnownCaller ? { name, ok, detail } : { name, ok },
  );
  if (!isKnownCaller) return { live, version, dependencies };
  return {
    live,
    version,
    dependencies,
    problems: view.problems.map(toWireProblem),
    nest: {
      commit: nest.commit,
      synced_at: toTimeIf(nest.syncedAt),
      status: nest.status,
      mode: nest.mode,
    },
  };
}
