import type { FetchLike } from '@polar-gosling/api-contract';
import { deadline } from '@polar-gosling/kernel';
import type { RunnerSnapshot } from './job-tracker.ts';
import { parseJobsList, sumMetric } from './running-jobs.ts';

const patienceMs = 2_000;

/** Looks at `gitlab-runner` through its own port; `undefined` while it does not answer. */
export async function probeRunner(
  address: string,
  options: { readonly fetch: FetchLike; readonly signal: AbortSignal },
): Promise<RunnerSnapshot | undefined> {
  const read = async (path: string) => {
    const signal = deadline(options.signal, patienceMs);
    const answer = await options.fetch(`http://${address}${path}`, {
      method: 'GET',
      headers: {},
      signal,
      redirect: 'error',
    });
    return answer.status === 200 ? await answer.text() : undefined;
  };
  try {
    // The list after the metrics: a job taken between the two is then in the list at least.
    const metrics = await read('/metrics');
    const list = await read('/debug/jobs/list');
    if (metrics === undefined || list === undefined) return undefined;
    return {
      running: parseJobsList(list),
      taken: sumMetric(metrics, 'gitlab_runner_jobs_total') ?? 0,
      broken:
        sumMetric(metrics, 'gitlab_runner_failed_jobs_total', 'failure_reason="runner_system_failure"') ?? 0,
    };
  } catch {
    return undefined; // still starting, or ending: the process itself says which
  }
}
