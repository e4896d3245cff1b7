import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';

const ids = createSystemIds(createSystemClock());

/** A name nobody else has on an engine that many tests share. */
export function queueNameFor(what: string): string {
  return `${what}-${ids.next()}`;
}
