import { silentLogger } from '@polar-gosling/kernel';
import { outboxWrite, queueErrors } from '@polar-gosling/ports/queue';
import { storeErrors } from '@polar-gosling/ports/store';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { createFakeClock, createSeededIds, withFailures } from '@polar-gosling/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createQueues } from './queues.ts';
import { sqsQueueOver } from './sqs-queue.ts';
import { engineConnection, watchedCalls } from './testing/an-engine.ts';
import { callsOnClock } from './testing/calls-on-clock.ts';
import { queueNameFor } from './testing/queue-name.ts';

const options = { signal: new AbortController().signal };
const leaseMs = 30_000;
const connection = engineConnection(process.env);
const engine = connection && watchedCalls(connection);
const request = { max: 10, leaseMs, waitMs: 0 };

afterAll(() => engine?.calls.close());

type Fault = { at: 'store' | 'queue'; call: number; when: 'before' | 'after' };

/**
 * Commits, sends, works, with one call that fails; then a healthy process does what is left. Answers keys whose last
 * commit was not followed by a whole run, and how many calls there were.
 */
async function scenario(fault: Fault): Promise<{ unanswered: string[]; calls: number }> {
  if (engine === undefined) return expect.fail('no engine');
  const clock = createFakeClock({ settled: engine.settled });
  const ids = createSeededIds(fault.call, clock);
  const plain = createMemoryStore({ clock });
  const urls = await createQueues(engine.calls, queueNameFor('faults'), options);
  const onClock = { ...callsOnClock(engine.calls, clock), close: () => undefined };
  const error =
    fault.at === 'store' ? storeErrors.unavailable({ op: 'x' }) : queueErrors.unavailable({ op: 'x' });
  const failing = withFailures(fault.at === 'store' ? plain : onClock, { ...fault, error });
  const faulty = {
    store: fault.at === 'store' ? { ...plain, ...methodsOf(failing.port) } : plain,
    calls: fault.at === 'queue' ? { ...onClock, ...methodsOf(failing.port) } : onClock,
  };
  const order = { sent: new Map<string, number>(), done: new Map<string, number>(), now: 0 };
  const first = sqsQueueOver(faulty.calls, urls, { store: faulty.store, clock, ids, log: silentLogger });
  const second = sqsQueueOver(onClock, urls, { store: plain, clock, ids, log: silentLogger });

  const send = async (queue: typeof first, key: string) => {
    const write = outboxWrite({ kind: 'reconcile', key, trace: 't' }, { clock, ids });
    const stamp = ++order.now;
    // An unknown outcome may be a commit: then it must be answered; else nobody was promised anything.
    const outcome = await attempt(() => queue.store.commit([write], options));
    const [row] = await plain.get(
      [{ table: 'outbox', partition: String(Reflect.get(write, 'row').id) }],
      options,
    );
    if (outcome === undefined && row === undefined) return;
    order.sent.set(key, stamp);
    await queue.settled();
  };
  const runOnce = async (queue: typeof first) => {
    const deliveries = (await attempt(() => queue.receive(request, options))) ?? [];
    for (const delivery of deliveries) {
      const startedAt = ++order.now;
      const outcome = await attempt(() => queue.ack(delivery, options));
      if (outcome !== 'lost') order.done.set(delivery.message.key, startedAt);
    }
  };
  await send(first, 'a');
  await send(first, 'b');
  await attempt(() => first.sendDue(options));
  const held = (await attempt(() => first.receive({ ...request, max: 1 }, options))) ?? [];
  await send(first, 'a');
  await send(first, 'b');
  await runOnce(first);
  for (const delivery of held) {
    await attempt(() => first.extend(delivery, leaseMs, options));
    await attempt(() => first.nack(delivery, { delayMs: 1_000, reason: 'again' }, options));
  }
  await clock.advance(2_000);
  await runOnce(first);
  await first.settled();
  const calls = failing.calls();
  for (let round = 0; round < 5; round++) {
    await clock.advance(leaseMs + 1_000);
    await second.sendDue(options);
    await second.settled();
    await runOnce(second);
  }
  const unanswered = [...order.sent]
    .filter(([key, at]) => (order.done.get(key) ?? 0) < at)
    .map(([key]) => key);
  expect(await second.stats(options)).toMatchObject({ ready: 0, leased: 0, buried: 0 });
  return { unanswered, calls };
}

describe('the queue on SQS, when one call fails', () => {
  beforeEach(({ skip }) => skip(engine === undefined, 'POLAR_SQS_URL is not set: no SQS engine'));

  const cases = (['store', 'queue'] as const).flatMap((at) =>
    (['before', 'after'] as const).map((when) => ({ at, when })),
  );

  it.each(cases)(
    'loses nothing committed, whichever call of the $at fails, error $when its effect',
    async (how) => {
      let failed = 0;
      for (let call = 1; call < 200; call++) {
        const { unanswered, calls } = await scenario({ ...how, call });
        expect({ call, unanswered }).toEqual({ call, unanswered: [] });
        if (calls < call) break;
        failed++;
      }

      expect(failed).toBeGreaterThan(10);
    },
  );
});

/** Undefined where it failed. */
async function attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await action();
  } catch {
    return undefined;
  }
}

/** A proxy's own methods, so that it can be spread over what it stands for. */
function methodsOf(port: object): Record<string, never> {
  const names = ['get', 'list', 'commit', 'send', 'receive', 'remove', 'hide', 'attributes'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const member: unknown = Reflect.get(port, name);
      return typeof member === 'function' ? [[name, member as never]] : [];
    }),
  );
}
