import { createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import { outboxWrite, queueErrors } from '@polar-gosling/ports/queue';
import { createMemoryStore } from '@polar-gosling/ports/store/memory';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSqsQueue, createQueues, createSdkCalls, createSqsQueue } from './index.ts';
import { readRedrivePolicy } from './queues.ts';
import { renewAfterReceives } from './renew-after.ts';
import { engineConnection } from './testing/an-engine.ts';
import { queueNameFor } from './testing/queue-name.ts';

const options = { signal: new AbortController().signal };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const connection = engineConnection(process.env) ?? { region: 'none' };
const calls = createSdkCalls(connection, { clock });
const isThere = 'endpoint' in connection;

afterAll(() => calls.close());
beforeEach(({ skip }) => skip(!isThere, 'POLAR_SQS_URL is not set: no SQS engine'));

async function open(what: string) {
  const { url, dlqUrl } = await createQueues(calls, queueNameFor(what), options);
  const store = createMemoryStore({ clock });
  const queue = await createSqsQueue(
    { ...connection, url },
    { store, clock, ids, log: silentLogger },
    options,
  );
  const send = async (key: string, delayMs = 0) => {
    await queue.store.commit(
      [outboxWrite({ kind: 'sweep', key, trace: 't', delayMs }, { clock, ids })],
      options,
    );
    await queue.settled();
  };
  return { url, dlqUrl, store, queue, send };
}

describe('the queue on SQS, in real time', () => {
  it('gives a message out again when its lease is over, and not before', async () => {
    const { queue, send } = await open('lease');
    await send('a');
    const [first] = await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 0 }, options);
    expect(await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 0 }, options)).toEqual([]);
    const [again] = await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 8_000 }, options);

    expect(first).toMatchObject({ receives: 1 });
    expect(again).toMatchObject({ receives: 2, unanswered: 1, message: { key: 'a' } });
    expect(await queue.ack(first ?? expect.fail(), options)).toBe('lost');
    expect(await queue.ack(again ?? expect.fail(), options)).toBe('ok');
    await queue.close();
  });

  it('holds back what is due later, and sees it while it waits', async () => {
    const { queue, send } = await open('delay');
    await send('a', 1_500);
    const from = clock.monotonic();
    const deliveries = await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 10_000 }, options);

    expect(deliveries).toHaveLength(1);
    expect(clock.monotonic() - from).toBeGreaterThan(900);
    expect(clock.monotonic() - from).toBeLessThan(9_000);
    await queue.close();
  });

  it('collects what SQS itself gave up, as a dead letter that can be put back', async () => {
    const { queue, send, url, dlqUrl } = await open('dlq');
    const policy = readRedrivePolicy(await calls.attributes(url, options));
    await calls.setAttributes(
      url,
      { RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 1 }) },
      options,
    );
    await send('a');
    const look = { max: 1, visibilitySeconds: 0, waitSeconds: 1 };
    await calls.receive(url, look, options);
    expect(await calls.receive(url, look, options)).toEqual([]);
    expect(await calls.attributes(dlqUrl, options)).toMatchObject({ ApproximateNumberOfMessages: '1' });

    await queue.sendDue(options);

    const { items } = await queue.buried({ limit: 10 }, options);
    expect(items).toMatchObject([
      { message: { key: 'a' }, reason: 'SQS gave it out too often and nobody finished it' },
    ]);
    expect(await queue.redrive(items[0]?.id ?? '', options)).toBe('ok');
    expect(await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 2_000 }, options)).toHaveLength(1);
    await queue.close();
  });

  it('sends anew what readers of other kinds have put back often, before SQS gives it up', async () => {
    const { queue, send, url } = await open('put-back');
    await send('a');
    const look = { max: 1, visibilitySeconds: 0, waitSeconds: 1 };
    for (let count = 1; count < renewAfterReceives; count++) await calls.receive(url, look, options);
    const request = { max: 1, leaseMs: 2_000, waitMs: 0 };
    expect(await queue.receive({ ...request, kinds: ['prune'] }, options)).toEqual([]);

    const [message] = await calls.receive(url, { ...look, waitSeconds: 10 }, options);

    expect(message).toMatchObject({ receiveCount: 1, body: expect.stringContaining('"key":"a"') });
    expect(await calls.receive(url, { ...look, visibilitySeconds: 30 }, options)).toHaveLength(1);
    expect(await calls.receive(url, look, options)).toEqual([]);
    await queue.close();
  });

  it('puts a text aside that is none of its messages, whole enough to be recognised', async () => {
    const { queue, url } = await open('foreign');
    await calls.send(url, [{ body: 'hello?', delaySeconds: 0 }], options);
    expect(await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 1_000 }, options)).toEqual([]);

    const { items } = await queue.buried({ limit: 10 }, options);
    expect(items).toMatchObject([{ reason: 'this release cannot read the message' }]);
    await queue.close();
  });

  it('says by a code that there is no such queue', async () => {
    const url = `${connection.endpoint}/000000000000/${queueNameFor('nowhere')}`;
    const store = createMemoryStore({ clock });
    const opening = createSqsQueue({ ...connection, url }, { store, clock, ids, log: silentLogger }, options);
    await expect(opening).rejects.toMatchObject({ code: queueErrors.missing.code });
  });

  it('makes a dead-letter queue where there is none', async () => {
    const url = await calls.create(queueNameFor('bare'), {}, options);
    const store = createMemoryStore({ clock });
    const queue = await createSqsQueue(
      { ...connection, url },
      { store, clock, ids, log: silentLogger },
      options,
    );

    const policy = readRedrivePolicy(await calls.attributes(url, options));
    expect(policy?.deadLetterTargetArn).toMatch(/-dlq$/);
    await queue.close();
  });
});

describe('the self-check', () => {
  const failing = async (url: string, more: object = {}) =>
    (await checkSqsQueue({ ...connection, url, ...more }, { clock }, options)).filter(({ ok }) => !ok);

  it('finds nothing wrong with a whole queue, and leaves nothing in it', async () => {
    const { url, dlqUrl, queue } = await open('check');
    const checks = await checkSqsQueue({ ...connection, url, dlqUrl }, { clock }, options);

    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      'queue reach',
      'queue right: send',
      'queue right: receive',
      'queue right: change visibility',
      'queue right: delete',
      'queue dead letters',
      'queue clock skew',
    ]);
    expect(await queue.receive({ max: 1, leaseMs: 2_000, waitMs: 0 }, options)).toEqual([]);
    expect(await queue.stats(options)).toMatchObject({ ready: 0, leased: 0, buried: 0 });
    await queue.close();
  });

  it('tells what to do about a queue without dead letters, and one that gives up too soon', async () => {
    const bare = await calls.create(queueNameFor('bare'), {}, options);
    expect(await failing(bare)).toMatchObject([
      { name: 'queue dead letters', fix: expect.stringContaining('sqs:SetQueueAttributes') },
    ]);
    const { url, queue } = await open('hasty');
    const policy = readRedrivePolicy(await calls.attributes(url, options));
    await calls.setAttributes(
      url,
      { RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 5 }) },
      options,
    );
    expect(await failing(url)).toMatchObject([{ fix: expect.stringContaining('1000') }]);
    await queue.close();
  });

  it('tells a queue that is not there from one that is not reached', async () => {
    const gone = `${connection.endpoint}/000000000000/${queueNameFor('nowhere')}`;
    expect(await failing(gone)).toMatchObject([
      { name: 'queue reach', fix: expect.stringContaining('GOSLING_QUEUE_URL') },
    ]);
    const endpoint = 'http://127.0.0.1:1';
    expect(await failing(`${endpoint}/x/y`, { endpoint })).toMatchObject([
      { name: 'queue reach', fix: expect.stringContaining('GOSLING_QUEUE_ENDPOINT') },
    ]);
  });
});
