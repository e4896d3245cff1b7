/** A full object name, SHA-1 or SHA-256; nothing else ever stands where Git expects a revision. */
export function isObjectName(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
