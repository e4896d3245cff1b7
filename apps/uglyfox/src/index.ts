import type { Engine } from '@polar-gosling/engine';

/** UglyFox for a process of its own: it takes the prune tasks, and nothing else. Embedded, the one worker takes them. */
export interface Pruner {
  /** Works until the signal; then finishes or gives back what it has. */
  run(signal: AbortSignal): Promise<void>;
}

export function createPruner(engine: Pick<Engine, 'background'>): Pruner {
  return { run: (signal) => engine.background.work({ signal, kinds: ['prune'] }) };
}
