import type { Clock, IdSource } from '@polar-gosling/kernel';
import { type CommitResult, type Row, type RowKey, storeErrors, type Unit } from '@polar-gosling/ports/store';
import { applyWrite, isExpired, keyOfWrite, keyText } from '@polar-gosling/ports/store/adapter';
import { type TableNames, toKey, txAttribute } from './attributes.ts';
import type { Calls } from './calls.ts';
import { type Failure, isThrottle } from './failures.ts';
import type { Reader } from './reader.ts';
import { type ItemRequest, type Making, replaceOf, requestOf } from './requests.ts';
import type { Connection } from './sdk.ts';

export interface CommitDeps {
  readonly connection: Connection;
  readonly calls: Calls;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly tableName: TableNames;
}

/** What one way to send a unit came to; `look` and `again`: nothing was written. */
type Answer =
  | CommitResult
  /** The rows have to be read: a condition of ours did not hold, or the engine cannot say it in its words. */
  | { readonly kind: 'look' }
  | { readonly kind: 'again' };

interface Sending {
  /** The requests come from rows that were read: what fails now has changed since. */
  readonly hasLooked: boolean;
  readonly requests: readonly ItemRequest[];
  readonly tx: string;
  readonly signal: AbortSignal;
}

const mostRounds = 12;
/** Another writer came between: that is no reason to wait at first. */
const roundsWithoutPause = 3;

/**
 * Commits a checked unit: one write as one conditional request, more as one transaction. Where the engine's words do
 * not suffice (the version of a row that is put whatever it was, an ended row in the way, a row that may grow too
 * big), the rows are read first and written only if they are still so.
 */
export async function commitUnit(deps: CommitDeps, unit: Unit, signal: AbortSignal): Promise<CommitResult> {
  let hasToLook = false;
  for (let round = 0; round < mostRounds; round++) {
    const making = { nowMs: deps.clock.now(), tx: deps.ids.token(9), tableName: deps.tableName };
    const blind = hasToLook ? 'needs rows' : withoutLook(unit, making);
    const requests = blind === 'needs rows' ? await afterLook(deps, { unit, making, signal }) : blind;
    if ('kind' in requests) return requests;
    const answer = await send(deps, { hasLooked: blind === 'needs rows', requests, tx: making.tx, signal });
    if (answer.kind === 'ok' || answer.kind === 'conflict') return answer;
    hasToLook = hasToLook || answer.kind === 'look';
    if (round >= roundsWithoutPause) await deps.calls.pause(round - roundsWithoutPause, signal);
  }
  const what = unit.map((write) => keyText(keyOfWrite(write))).join(', ');
  throw storeErrors.contended({ what, attempts: mostRounds });
}

function withoutLook(unit: Unit, making: Omit<Making, 'item'>): readonly ItemRequest[] | 'needs rows' {
  // A check alone is no write: it is a read.
  if (unit.length === 1 && unit[0]?.kind === 'check') return 'needs rows';
  const requests: ItemRequest[] = [];
  for (const [item, write] of unit.entries()) {
    const request = requestOf(write, { ...making, item });
    if (request === 'needs row') return 'needs rows';
    if (request !== 'nothing') requests.push(request);
  }
  return requests;
}

/** Judges the unit by its rows as they are now; what is left to ask of the engine is that they still are. */
async function afterLook(
  deps: CommitDeps,
  at: { unit: Unit; making: Omit<Making, 'item'>; signal: AbortSignal },
): Promise<readonly ItemRequest[] | CommitResult> {
  const { unit, making, signal } = at;
  const keys = unit.map(keyOfWrite);
  const rows = await deps.reader.getStored(keys, signal);
  const requests: ItemRequest[] = [];
  for (const [item, write] of unit.entries()) {
    const key = keyOfWrite(write);
    const read = rows[item];
    const effect = applyWrite(living(key, read, making.nowMs), write, making.nowMs);
    if (effect.kind === 'conflict') return { kind: 'conflict', item };
    const request =
      effect.kind === 'put'
        ? replaceOf(effect.row, { key, read }, { ...making, item })
        : requestOf(write, { ...making, item });
    if (typeof request !== 'string') requests.push(request);
  }
  const isOnlyCheck = unit.length === 1 && unit[0]?.kind === 'check';
  return isOnlyCheck ? { kind: 'ok' } : requests;
}

function living(key: RowKey, row: Row | undefined, nowMs: number): Row | undefined {
  return row === undefined || isExpired(key.table, row, nowMs) ? undefined : row;
}

/**
 * Sends until there is an answer. After a lost one the rows are asked whether they carry this commit's mark; where
 * that does not show it, only a unit that cannot count twice is sent again. What stays open is STORE_UNAVAILABLE.
 */
async function send(deps: CommitDeps, sending: Sending): Promise<Answer> {
  if (sending.requests.length === 0) return { kind: 'ok' };
  let isOpen = false;
  for (let attempt = 0; ; attempt++) {
    const outcome = await deps.calls.once(sending.signal, (signal) =>
      sendOnce(deps.connection, sending.requests, signal),
    );
    if (outcome.kind === 'done') return { kind: 'ok' };
    const { failure } = outcome;
    isOpen ||= failure.kind === 'unknown';
    const answer = isOpen ? await answerOfRows(deps, sending) : answerOf(failure, sending);
    if (answer !== undefined) return answer;
    const isRepeatable = isTransient(failure) && (!isOpen || countsOnce(sending.requests));
    const at = { attempt, failure, signal: sending.signal };
    if (!isRepeatable || !(await deps.calls.mayRepeat(at))) throw notAnswered(failure, isOpen);
  }
}

function notAnswered(failure: Failure, isOpen: boolean): Error {
  const op = isOpen ? 'a commit, so that its outcome is not known' : 'a commit';
  return storeErrors.unavailable({ op }, { cause: failure.error });
}

function sendOnce(
  connection: Connection,
  requests: readonly ItemRequest[],
  signal: AbortSignal,
): Promise<unknown> {
  const actions = requests.map(({ action }) => action);
  const [only] = actions;
  if (actions.length === 1 && only?.Put) return connection.putItem(only.Put, signal);
  if (actions.length === 1 && only?.Delete) return connection.deleteItem(only.Delete, signal);
  if (actions.length === 1 && only?.Update) return connection.updateItem(only.Update, signal);
  return connection.transactWriteItems({ TransactItems: actions }, signal);
}

/** What a failure says for certain: nothing was written. */
function answerOf(failure: Failure, sending: Sending): Answer | undefined {
  const { reasons } = failure;
  const isInvalid = failure.kind === 'invalid' || reasons.includes('ValidationError');
  if (isInvalid && sending.hasLooked) {
    throw storeErrors.badUnit(
      { reason: `the engine refused it (${failure.name})` },
      { cause: failure.error },
    );
  }
  if (isInvalid) return { kind: 'look' };
  if (failure.kind === 'contended' || reasons.includes('TransactionConflict')) return { kind: 'again' };
  if (failure.kind === 'condition') return judged(sending.requests, sending);
  if (failure.kind !== 'cancelled' || reasons.some(isThrottle)) return undefined;
  const failed = sending.requests.filter((_, place) => reasons[place] === 'ConditionalCheckFailed');
  return judged(failed, sending);
}

/**
 * The first condition of the caller that failed. One of ours says that its row has to be looked at, and so does an
 * engine that names no reasons.
 */
function judged(failed: readonly ItemRequest[], { hasLooked }: Sending): Answer {
  const first = hasLooked ? failed[0] : failed.find(({ isDecisive }) => isDecisive);
  return first?.isDecisive ? { kind: 'conflict', item: first.item } : { kind: 'look' };
}

function isTransient(failure: Failure): boolean {
  const isThrottled = failure.kind === 'throttled' || failure.reasons.some(isThrottle);
  const isLater = failure.kind === 'contended' || failure.reasons.includes('TransactionConflict');
  return isThrottled || isLater || failure.kind === 'unsent' || failure.kind === 'unknown';
}

/** Sent twice, it is done once: a part of it is refused the second time, or all of it changes nothing more. */
function countsOnce(requests: readonly ItemRequest[]): boolean {
  const isRefused = requests.some(({ repeated }) => repeated === 'refused');
  return isRefused || requests.every(({ repeated }) => repeated === 'harmless');
}

/** Does a row carry the mark of this commit? All of a unit is written or nothing, so one row tells. */
async function answerOfRows(deps: CommitDeps, sending: Sending): Promise<Answer | undefined> {
  const written = sending.requests.find(({ action }) => action.Put ?? action.Update);
  if (written === undefined) return undefined;
  const { key } = written;
  const answer = await deps.calls.read('a look at what became of a commit', sending.signal, (signal) =>
    deps.connection.getItem(
      { TableName: deps.tableName(key.table), Key: toKey(key), ConsistentRead: true },
      signal,
    ),
  );
  return answer.Item?.[txAttribute]?.S === sending.tx ? { kind: 'ok' } : undefined;
}
