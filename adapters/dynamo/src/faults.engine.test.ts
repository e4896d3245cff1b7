import type { Unit, Write } from '@polar-gosling/ports/store';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoStore, type DynamoStore } from './dynamo-store.ts';
import {
  type FaultProxy,
  firstWrites,
  isWrite,
  loseAnswer,
  loseRequest,
  openFaultProxy,
  refuseWith,
} from './testing/fault-proxy.ts';
import { dropTables, engineUrl, noEngine, optionsFor, withoutWaits } from './testing/local-engine.ts';

const options = { signal: new AbortController().signal };
const tables = ['schema', 'switches', 'leases'] as const;
const key = (name: string) => ({ table: 'switches', partition: name }) as const;
const put = (name: string, kind: 'absent' | 'any' = 'absent'): Write => ({
  kind: 'put',
  table: 'switches',
  row: { name, by: 'me' },
  when: { kind },
});
const count = (name: string): Write => ({
  kind: 'update',
  key: key(name),
  add: { count: 1 },
  when: { kind: 'any' },
});

function describeFaults() {
  const clock = createFakeClock();
  const all = optionsFor({ clock: withoutWaits(clock), tables });
  let proxy: FaultProxy;
  let store: DynamoStore;
  /** Sees what is really there. */
  let plain: DynamoStore;
  beforeEach(async () => {
    proxy = await openFaultProxy(engineUrl);
    plain = await createDynamoStore(all);
    store = await createDynamoStore({ ...all, endpoint: proxy.url });
    proxy.seen.length = 0;
  });
  afterEach(async () => {
    await store.close();
    await plain.close();
    await proxy.close();
    await dropTables(all);
  });
  const commit = (...unit: Unit) => store.commit(unit, options);
  const rowOf = async (name: string) => (await plain.get([key(name)], options))[0];
  const unknownOutcome = {
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('outcome is not known'),
  };

  it.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    'repeats what was throttled (%s), and tells nobody',
    async (name) => {
      proxy.decide = firstWrites(3, refuseWith(name));

      expect(await commit(put('a'))).toEqual({ kind: 'ok' });
      expect(proxy.seen).toEqual(['PutItem', 'PutItem', 'PutItem', 'PutItem']);
    },
  );

  it('repeats a transaction that was cancelled by throttling or by another one', async () => {
    const codes = ['ThrottlingError', 'TransactionConflict', 'ProvisionedThroughputExceeded'];
    proxy.decide = (op) => {
      const Code = op === 'TransactWriteItems' ? codes.shift() : undefined;
      const reasons = [{ Code: 'None' }, { Code, Message: 'told to' }];
      const body = JSON.stringify({ __type: 'x#TransactionCanceledException', CancellationReasons: reasons });
      return Code === undefined ? undefined : async () => ({ status: 400, body });
    };

    expect(await commit(put('a'), put('b'))).toEqual({ kind: 'ok' });
    expect(proxy.seen.filter((op) => op === 'TransactWriteItems')).toHaveLength(4);
  });

  it('finds by the rows that a commit whose answer was lost took effect', async () => {
    proxy.decide = firstWrites(2, loseAnswer);

    expect(await commit(put('a'))).toEqual({ kind: 'ok' });
    expect(await commit(count('a'), count('b'), put('c'))).toEqual({ kind: 'ok' });
    expect(await rowOf('a')).toMatchObject({ by: 'me', count: 1, version: 2 });
    expect(await rowOf('b')).toMatchObject({ count: 1, version: 1 });
  });

  it('sends again what cannot count twice, when its rows show nothing', async () => {
    proxy.decide = firstWrites(1, loseRequest);

    expect(await commit(put('a'), count('b'))).toEqual({ kind: 'ok' });
    expect(await rowOf('b')).toMatchObject({ count: 1 });
  });

  it('never sends again what would count twice: its outcome is not known', async () => {
    proxy.decide = firstWrites(1, loseRequest);

    await expect(commit(count('a'), count('b'))).rejects.toMatchObject(unknownOutcome);
    expect(await rowOf('a')).toBeUndefined();
  });

  it('takes an error of the server for a lost answer', async () => {
    proxy.decide = firstWrites(1, async (forward) => {
      await forward();
      return { status: 500, body: '{"__type":"x#InternalServerError"}' };
    });

    expect(await commit(count('a'))).toEqual({ kind: 'ok' });
    expect(await rowOf('a')).toMatchObject({ count: 1 });
  });

  it('says neither ok nor conflict when another writer covered the marks', async () => {
    proxy.decide = firstWrites(1, async (forward) => {
      await forward();
      await plain.commit([put('a', 'any')], options);
      return 'drop';
    });

    await expect(commit(put('a'))).rejects.toMatchObject(unknownOutcome);
    expect(await rowOf('a')).toMatchObject({ version: 2 });
  });

  it('answers the conflict of a unit that was throttled before', async () => {
    await plain.commit([put('a')], options);
    proxy.decide = firstWrites(1, refuseWith('ThrottlingException'));

    expect(await commit(put('b'), put('a'))).toEqual({ kind: 'conflict', item: 1 });
  });

  it('reads the rows where the engine does not say which condition failed', async () => {
    await plain.commit([put('a'), put('b')], options);
    proxy.decide = (op) => {
      if (op !== 'TransactWriteItems') return undefined;
      return async (forward) => {
        const { status, body } = await forward();
        return { status, body: JSON.stringify({ ...JSON.parse(body), CancellationReasons: undefined }) };
      };
    };

    expect(await commit(put('c'), put('b'), put('a'))).toEqual({ kind: 'conflict', item: 1 });
    expect(await rowOf('c')).toBeUndefined();
  });

  it('asks again for keys that the engine left out', async () => {
    await plain.commit([put('a'), put('b'), put('c')], options);
    let rounds = 0;
    proxy.decide = (op, body) => {
      if (op !== 'BatchGetItem' || ++rounds > 2) return undefined;
      return async (forward) => {
        const answer = JSON.parse((await forward()).body);
        const [table = ''] = Object.keys(answer.Responses);
        const [first, ...rest] = answer.Responses[table];
        const asked = JSON.parse(body).RequestItems[table];
        const Keys = rest.map((item: { name: object }) => ({ name: item.name }));
        const UnprocessedKeys = { [table]: { ...asked, Keys } };
        return { status: 200, body: JSON.stringify({ Responses: { [table]: [first] }, UnprocessedKeys }) };
      };
    };

    const rows = await store.get([key('c'), key('a'), key('x'), key('b')], options);

    expect(rows.map((row) => row?.['name'])).toEqual(['c', 'a', undefined, 'b']);
    expect(proxy.seen.filter((op) => op === 'BatchGetItem')).toHaveLength(3);
  });

  it('asks once for up to 100 rows, for one write, and for a unit of many', async () => {
    const keys = Array.from({ length: 99 }, (_, place) => key(`s${place}`));
    const asked = async (call: () => Promise<unknown>) => {
      proxy.seen.length = 0;
      await call();
      return proxy.seen.join();
    };

    expect(await asked(() => commit(put('a')))).toBe('PutItem');
    expect(await asked(() => commit(count('a')))).toBe('UpdateItem');
    expect(await asked(() => commit(put('b', 'any')))).toBe('PutItem');
    expect(await asked(() => commit(put('c'), count('a'), count('d')))).toBe('TransactWriteItems');
    expect(await asked(() => store.get([key('a')], options))).toBe('GetItem');
    expect(
      await asked(() => store.get([...keys, { table: 'leases', partition: 'x' }, ...keys], options)),
    ).toBe('BatchGetItem');
    expect(await asked(() => commit({ kind: 'delete', key: key('a'), when: { kind: 'any' } }))).toBe(
      'DeleteItem',
    );
  });

  it('goes on reading while writes are refused, takes none after 5 s, and recovers by itself', async () => {
    await plain.commit([put('a')], options);
    proxy.decide = (op) => (isWrite(op) ? refuseWith('ProvisionedThroughputExceededException') : undefined);
    await expect(commit(count('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.readOnly()).toBeUndefined();
    await clock.advance(5_000);

    await expect(commit(count('a'))).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
      message: expect.stringContaining('ProvisionedThroughputExceeded'),
    });
    expect(store.readOnly()).toEqual({
      reason: expect.stringContaining('ProvisionedThroughputExceeded'),
      since: clock.now() - 5_000,
    });
    const before = proxy.seen.filter(isWrite).length;
    await expect(commit(count('a'))).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    expect(proxy.seen.filter(isWrite)).toHaveLength(before);
    expect(await store.get([key('a')], options)).toMatchObject([{ by: 'me', version: 1 }]);

    proxy.decide = () => undefined;
    await clock.advance(1_000);
    expect(await commit(count('a'))).toEqual({ kind: 'ok' });
    expect(store.readOnly()).toBeUndefined();
    expect(await rowOf('a')).toMatchObject({ count: 1, version: 2 });
  });

  it('says that a store which cannot be reached is not available', async () => {
    await proxy.close();

    await expect(commit(put('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.get([key('a')], options)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy = await openFaultProxy(engineUrl);
  });

  it('ends what a caller gave up', async () => {
    const controller = new AbortController();
    proxy.decide = () => () => {
      controller.abort(new Error('gone'));
      return new Promise(() => undefined);
    };

    await expect(store.get([key('a')], controller)).rejects.toThrow('gone');
  });
}

function describeEveryRequest() {
  const clock = createFakeClock();
  const all = optionsFor({ clock: withoutWaits(clock), tables });

  /** Takes a lease, works under it, gives it back: what each step answered and what is there at the end. */
  async function work(store: DynamoStore): Promise<readonly string[]> {
    const when = { kind: 'lease', fence: 1, holder: 'me' } as const;
    const leaseKey = { table: 'leases', partition: 'egg/a' } as const;
    const take: Unit = [
      {
        kind: 'put',
        table: 'leases',
        row: { name: 'egg/a', holder: 'me', fence: 1 },
        when: { kind: 'absent' },
      },
    ];
    const underLease: Unit = [{ kind: 'check', key: leaseKey, when }, put('a'), count('total')];
    const change: Unit = [
      { kind: 'update', key: key('a'), set: { why: 'so' }, when: { kind: 'version', version: 1 } },
      count('total'),
    ];
    const giveBack: Unit = [{ kind: 'update', key: leaseKey, set: { holder: '' }, when }];
    const answers: string[] = [];
    for (const unit of [take, underLease, change, giveBack]) {
      const outcome = await store
        .commit(unit, options)
        .catch((error: { code: string }) => ({ kind: error.code }));
      answers.push(outcome.kind);
      if (outcome.kind !== 'ok') break;
      await store.get([key('a'), key('total'), leaseKey], options);
    }
    return answers;
  }

  it.each([
    ['the request is lost', loseRequest],
    ['the answer is lost', loseAnswer],
    ['it is throttled', refuseWith('ThrottlingException')],
    ['the server fails', refuseWith('InternalServerError', 500)],
  ])('and no answer is wrong, whichever it is (%s)', async (_, fault) => {
    const proxy = await openFaultProxy(engineUrl);
    let hasFailed = true;
    for (let call = 1; hasFailed; call++) {
      const plain = await createDynamoStore(all);
      const store = await createDynamoStore({ ...all, endpoint: proxy.url });
      let calls = 0;
      proxy.decide = () => (++calls === call ? fault : undefined);
      const answers = await work(store);
      hasFailed = calls >= call;
      const [a, total, lease] = await plain.get(
        [key('a'), key('total'), { table: 'leases', partition: 'egg/a' }],
        options,
      );
      const done = [lease !== undefined, a !== undefined, a?.['version'] === 2, lease?.['holder'] === ''];

      // What was answered `ok` is there; of the one step that was not answered nobody knows; nothing after it is.
      expect({ call, done: answers.map((answer, step) => answer === 'ok' && done[step]) }).toEqual({
        call,
        done: answers.map((answer) => answer === 'ok'),
      });
      expect(answers).not.toContain('conflict');
      expect(done.slice(answers.length)).not.toContain(true);
      expect(total?.['count'] ?? 0).toBe(Number(done[1]) + Number(done[2]));
      await store.close();
      await plain.close();
      await dropTables(all);
    }
    await proxy.close();
  });
}

if (engineUrl === '') {
  it('runs against DynamoDB Local', (context) => context.skip(noEngine));
} else {
  describe('the store when its engine fails', describeFaults);
  describe('the N-th request fails', describeEveryRequest);
}
