import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toTime } from '../to-wire/time.ts';
import { foundOrMissing } from './found.ts';
import { pageRequest } from './page-request.ts';

type TaskHandlers = Pick<Handlers, 'listTasks' | 'redriveTask' | 'purgeTask'>;

/** The queue, seen by its operator. */
export function taskHandlers({ engine, tasks }: HttpContext): TaskHandlers {
  return {
    async listTasks({ query, signal }) {
      const stats = await tasks.stats({ signal });
      const { items, cursor } = await tasks.buried(pageRequest(query), { signal });
      return {
        items: items.map(({ id, message, reason, buriedAt, receives }) => ({
          id,
          kind: message.kind,
          key: message.key,
          trace: message.trace,
          reason,
          buried_at: toTime(buriedAt),
          receives,
        })),
        cursor,
        queue: {
          ready: stats.ready,
          leased: stats.leased,
          delayed: stats.delayed,
          buried: stats.buried,
          oldest_age_s: stats.oldestAgeMs / 1_000,
        },
      };
    },
    async redriveTask({ caller, params, signal }) {
      foundOrMissing(await engine.commands.redriveTask(caller, params.id, { signal }), 'dead letter');
      return { status: 'accepted' };
    },
    async purgeTask({ caller, params, signal }) {
      foundOrMissing(await engine.commands.purgeTask(caller, params.id, { signal }), 'dead letter');
      return undefined;
    },
  };
}
