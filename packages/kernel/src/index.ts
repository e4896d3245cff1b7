export { deadline, linkAbort, mapLimit, pollUntil, withinTime } from './abort.ts';
export { type AddressKind, addressRefusal, classifyAddress } from './address.ts';
export { type Brand, brand } from './brand.ts';
export type { Clock } from './clock.ts';
export { skewOf } from './clock-skew.ts';
export { codeOf } from './code-of.ts';
export { formatDuration, parseDuration } from './duration.ts';
export {
  CodedError,
  defineErrors,
  type ErrorCatalogue,
  type ErrorSpec,
  isCoded,
  type Retry,
  toProblem,
} from './errors.ts';
export type { IdSource } from './ids.ts';
export { type Json, type JsonObject, parseJson, stableJson } from './json.ts';
export { kernelErrors } from './kernel-errors.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { maskErrors } from './masking/mask-errors.ts';
export type { MaskStream } from './masking/mask-stream.ts';
export { createMasker, type Masker } from './masking/masker.ts';
export { nearest } from './nearest.ts';
export { readText } from './read-text.ts';
export { type RetryPlan, retryDelayMs, withRetries } from './retry.ts';
export { revealOf, Secret } from './secret.ts';
export {
  looksLikeSecretUri,
  parseSecretUri,
  printSecretUri,
  type SecretBackend,
  type SecretUri,
} from './secrets/secret-uri.ts';
export { createSharedCall, type SharedCall, shareCalls } from './shared-call.ts';
export { createSystemClock } from './system/clock.ts';
export { deflate, inflate } from './system/deflate.ts';
export { sha256Hex, startSha256 } from './system/hash.ts';
export { createSystemIds } from './system/ids.ts';
export { createJsonLogger, type LogLevel } from './system/json-logger.ts';
