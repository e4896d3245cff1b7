/** Bounds of one run; the defaults suit the local provider. */
export interface TofuLimits {
  /** How long a command waits for the state lock. */
  readonly lockTimeoutMs: number;
  /** So long before the hard end OpenTofu gets its one SIGINT. */
  readonly graceMs: number;
  /** How long `settle` waits for what it has interrupted. */
  readonly settleWaitMs: number;
  /** A state lock of another host is broken so long after the hard end. */
  readonly foreignLockMs: number;
  /** Longest line kept of OpenTofu's output; the rest of it is cut. */
  readonly lineBytes: number;
  /** Longest answer of OpenTofu that is read, as the plan by `show`. */
  readonly answerBytes: number;
  /** Longest log kept of one run; after it only errors are kept. */
  readonly logBytes: number;
}

export const defaultLimits: TofuLimits = {
  lockTimeoutMs: 10_000,
  graceMs: 30_000,
  settleWaitMs: 30_000,
  foreignLockMs: 60_000,
  lineBytes: 1024 * 1024,
  answerBytes: 64 * 1024 * 1024,
  logBytes: 4 * 1024 * 1024,
};
