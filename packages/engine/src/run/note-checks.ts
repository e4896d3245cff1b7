import { toProblem } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { type TofuCheck, tofuErrors } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { noteProblem } from './problems.ts';

/** Shows on its Egg which checks of a shard's machines do not hold, until a later run finds them well. */
export async function noteChecks(
  deps: InternalDeps,
  at: { readonly egg: string; readonly shard: number; readonly checks: readonly TofuCheck[] | undefined },
  options: CallOptions,
): Promise<void> {
  if (at.checks === undefined) return;
  const bad = at.checks.filter(({ status }) => status === 'fail' || status === 'error');
  const slot = at.shard === 0 ? 'checks' : `checks-${at.shard}`;
  const words = bad.map(({ name, problems }) => `${name}: ${problems.join(' ')}`).join('; ');
  const problem = bad.length === 0 ? undefined : toProblem(tofuErrors.checkFailed({ checks: words }));
  const told = problem && { code: problem.code, detail: problem.detail };
  await noteProblem(deps, { egg: at.egg, slot, problem: told }, options);
}
