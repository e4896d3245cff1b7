import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWireCiJob } from '../to-wire/ci-job.ts';
import { toWirePage } from '../to-wire/page.ts';
import { toWireSelfJob } from '../to-wire/records.ts';
import { toWireWhy } from '../to-wire/why.ts';
import { found } from './found.ts';
import { pageRequest } from './page-request.ts';

export function jobHandlers({
  engine: { queries },
}: HttpContext): Pick<Handlers, 'listSelfJobs' | 'listCiJobs' | 'why'> {
  return {
    listSelfJobs: async ({ caller, query, signal }) =>
      toWirePage(await queries.selfJobs(caller, pageRequest(query), { signal }), toWireSelfJob),
    async listCiJobs({ caller, query, signal }) {
      const { egg, state } = query;
      const filter = {
        ...pageRequest(query),
        ...(egg === undefined ? undefined : { egg }),
        ...(state === undefined ? undefined : { state }),
      };
      return toWirePage(await queries.ciJobs(caller, filter, { signal }), toWireCiJob);
    },
    async why({ caller, params, signal }) {
      const at = { server: params.server, project: params.project_id, jobId: params.job_id };
      return toWireWhy(found(await queries.why(caller, at, { signal }), 'CI job'));
    },
  };
}
