/** Ms UTC → ISO 8601. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function toTimeIf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toTime(ms);
}

export function toTimeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : toTime(ms);
}

/** ISO 8601 → ms UTC. */
export function fromTime(text: string): number {
  return Date.parse(text);
}
