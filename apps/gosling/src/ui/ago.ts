import { formatDuration } from '@polar-gosling/kernel';

/** `2m ago`, from an ISO time; `-` where there is none. */
export function ago(time: string | null | undefined, now: number): string {
  if (time === null || time === undefined) return '-';
  const passedMs = Math.max(0, now - Date.parse(time));
  return `${roughly(passedMs)} ago`;
}

/** The two largest units only. */
export function roughly(durationMs: number): string {
  if (durationMs < 1_000) return '0s';
  const unitMs = [86_400_000, 3_600_000, 60_000, 1_000].find((size) => durationMs >= size) ?? 1_000;
  const smallest = unitMs <= 60_000 ? 1_000 : unitMs / (unitMs === 86_400_000 ? 24 : 60);
  return formatDuration(Math.floor(durationMs / smallest) * smallest);
}
