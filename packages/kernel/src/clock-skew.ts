/** How far the server's clock is before ours, in ms, by the `date` of an HTTP answer; it counts whole seconds. */
export function skewOf(response: unknown, nowMs: number): number | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  const serverMs = Date.parse(String(headers.date));
  return Number.isNaN(serverMs) ? undefined : serverMs - nowMs;
}
