import type { RunnerRow } from '@polar-gosling/ports/store';

/** Rule in the audit rows of what a person asked for. */
export const byHandRule = 'by_hand';

/** Of a runner that a person asked for: no waiting job stands behind it. */
export const byHandMetadata = { by_hand: true };

export function isByHand({ metadata }: Pick<RunnerRow, 'metadata'>): boolean {
  const known: { readonly by_hand?: boolean } | undefined = metadata;
  return known?.by_hand === true;
}
