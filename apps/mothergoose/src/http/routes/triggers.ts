import type { Accepted } from '@polar-gosling/api-contract';
import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';

type TriggerHandlers = Pick<
  Handlers,
  'triggerSync' | 'triggerHealthCheck' | 'triggerUglyfoxHealthCheck' | 'triggerCollect' | 'triggerTick'
>;

/** What a timer of the platform calls. */
export function triggerHandlers({ engine: { background } }: HttpContext): TriggerHandlers {
  const after = async (work: Promise<void>): Promise<Accepted> => {
    await work;
    return { status: 'accepted' };
  };
  return {
    triggerSync: ({ signal }) => after(background.wakeSync({ signal })),
    triggerHealthCheck: ({ signal }) => after(background.wakePrune({ signal })),
    triggerUglyfoxHealthCheck: ({ signal }) => after(background.wakePrune({ signal })),
    triggerCollect: ({ signal }) => after(background.collect({ signal })),
    triggerTick: ({ signal }) => after(background.tick({ signal })),
  };
}
