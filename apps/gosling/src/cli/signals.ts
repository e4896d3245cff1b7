import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns the process's signals into an AbortSignal, as `CommandSpec.signals` says. */
export function watchSignals(mode: 'abort' | 'graceful' | 'own'): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  if (mode === 'own') return { signal: controller.signal, stop: () => undefined };
  const onSignal = () => {
    if (mode === 'abort' && controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(cliErrors.interrupted({}));
  };
  for (const name of watched) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of watched) process.off(name, onSignal);
    },
  };
}
