import type { ReceivedBytes } from './stage.ts';

const units = [
  [1024 * 1024, 'MiB'],
  [1024, 'KiB'],
] as const;

/** `4.2 of 33.1 MiB`; both in the unit of the bigger. */
export function formatBytes({ received, total }: ReceivedBytes): string {
  const [size, unit] = units.find(([least]) => (total ?? received) >= least) ?? [1, 'bytes'];
  const inUnit = (bytes: number) => (size === 1 ? String(bytes) : (bytes / size).toFixed(1));
  return `${inUnit(received)}${total === undefined ? '' : ` of ${inUnit(total)}`} ${unit}`;
}
