/** Takes back what was begun, the last first. A step that fails holds up no other; the first failure is thrown then. */
export async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    await step().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
