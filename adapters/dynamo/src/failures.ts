/**
 * What became of one request:
 * `condition` a condition did not hold · `cancelled` a transaction, with a reason per action · `contended` another
 * transaction was at one of the rows · `throttled` and `unsent` nothing was done · `unknown` it may or may not have
 * been done · `invalid` the engine does not take such a request · `refused` it will not (rights, no table).
 */
export interface Failure {
  readonly kind:
    | 'condition'
    | 'cancelled'
    | 'contended'
    | 'throttled'
    | 'unsent'
    | 'unknown'
    | 'invalid'
    | 'refused';
  readonly name: string;
  readonly error: unknown;
  /** Of `cancelled`: one code per action, as the engine says them; empty when it says none. */
  readonly reasons: readonly string[];
  readonly retryAfterMs: number;
}

const throttles: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'ThrottlingException',
  'ThrottlingError',
  'Throttling',
  'TooManyRequestsException',
  'LimitExceededException',
]);
/** No bytes of ours have reached the server. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'DYNAMO_NO_TOKEN',
]);
const kinds: Readonly<Record<string, Failure['kind']>> = {
  ConditionalCheckFailedException: 'condition',
  TransactionCanceledException: 'cancelled',
  TransactionConflictException: 'contended',
  TransactionInProgressException: 'contended',
  ValidationException: 'invalid',
  ValidationError: 'invalid',
  CredentialsProviderError: 'refused',
};

export function failureOf(error: unknown): Failure {
  const facts = factsOf(error);
  const name = String(facts['name'] ?? 'unknown');
  return {
    kind: kindOf(name, facts),
    name,
    error,
    reasons: reasonsOf(facts['CancellationReasons']),
    retryAfterMs: retryAfterOf(facts),
  };
}

/** Is it one of the engine's words for "later"? Also inside a cancelled transaction. */
export function isThrottle(name: string): boolean {
  return throttles.has(name);
}

function kindOf(name: string, facts: Readonly<Record<string, unknown>>): Failure['kind'] {
  const known = kinds[name];
  if (known !== undefined) return known;
  if (throttles.has(name)) return 'throttled';
  if (unsent.has(String(facts['code']))) return 'unsent';
  const status = Number(factsOf(facts['$metadata'])['httpStatusCode']);
  if (status === 429) return 'throttled';
  return status >= 400 && status < 500 ? 'refused' : 'unknown';
}

function reasonsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((reason) => String(factsOf(reason)['Code'] ?? 'None')) : [];
}

function retryAfterOf(facts: Readonly<Record<string, unknown>>): number {
  const headers = factsOf(factsOf(facts['$response'])['headers']);
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1_000 : 0;
}

/** Reads fields that may also be getters of a prototype. */
function factsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return {};
  return value as Readonly<Record<string, unknown>>;
}
