import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { signalQuietly } from './process-identity.ts';

/** Where the marker of the n-th command of a run is: the directory whose making decides who sends the one SIGINT. */
export function interruptMarkerOf(runDir: string, command: number): string {
  return join(runDir, `interrupted-${command}`);
}

/**
 * Sends SIGINT to what we started unless it was sent before, by whomever. Once for each command: where no marker can be
 * made (a full disk), the guard beside it is told, so that it does not send another one.
 */
export function interruptOnce(pid: number, marker: string): void {
  const made = makeMarker(marker);
  if (made === 'there') return;
  if (made === 'impossible') signalQuietly(-pid, 'SIGWINCH');
  signalQuietly(pid, 'SIGINT');
}

/**
 * The same for what another process of ours has started. Where no marker can be made it is left to the guard, which
 * alone knows whether it was sent, and sends it at the soft end if not.
 */
export function interruptLeft(pid: number, marker: string): void {
  if (makeMarker(marker) === 'made') signalQuietly(pid, 'SIGINT');
}

function makeMarker(marker: string): 'made' | 'there' | 'impossible' {
  try {
    mkdirSync(marker);
    return 'made';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'there' : 'impossible';
  }
}
