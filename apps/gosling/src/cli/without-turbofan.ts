import { setFlagsFromString } from 'node:v8';

/** From here on V8 has Maglev, a compiler between the first and the last, switched on in Node. */
const firstWithMaglev = 13;

/**
 * Does work that is over before its fastest code is made. On a thousand files TurboFan takes 100 ms of CPU time on other
 * threads and gives nothing back: Maglev's code is as fast for them, and still is for six thousand. The flag is put
 * back, since V8 refuses cached code of modules that was made under other flags.
 */
export function withoutTurboFan<Result>(work: () => Result): Result {
  if (Number.parseInt(process.versions.v8, 10) < firstWithMaglev) return work();
  setFlagsFromString('--no-turbofan');
  try {
    return work();
  } finally {
    setFlagsFromString('--turbofan');
  }
}
