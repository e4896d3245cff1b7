import { httpErrors } from '../http-errors.ts';

/** What is not there, or not this caller's, is 404. */
export function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw httpErrors.notFound({ what });
  return value;
}

export function foundOrMissing(outcome: 'ok' | 'missing', what: string): void {
  if (outcome === 'missing') throw httpErrors.notFound({ what });
}
