/** 850 → `0.9s`, 61_000 → `1m01s`: short and of steady width while it grows. */
export function formatElapsed(elapsedMs: number): string {
  if (elapsedMs < 60_000) return `${(elapsedMs / 1_000).toFixed(1)}s`;
  const seconds = Math.floor(elapsedMs / 1_000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
