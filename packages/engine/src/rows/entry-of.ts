import type { RunnerEntry } from '@polar-gosling/domain';
import type { RunnerRow } from '@polar-gosling/ports/store';

/** What a runner's machine was rendered as when it was launched. Only we write it, so it is not checked again. */
export function entryOf({ entry }: Pick<RunnerRow, 'entry'>): RunnerEntry {
  return JSON.parse(new TextDecoder().decode(entry));
}
