import { fileURLToPath } from 'node:url';

/** The file to run with Node as `sim-runner`: the simulator's own protocol-speaking runner. */
export function simRunnerPath(): string {
  return fileURLToPath(new URL('./main.ts', import.meta.url));
}
