export type FailureClass = 'retryable' | 'fallback' | 'quota' | 'denied' | 'fatal';
type Provider = 'local' | 'aws' | 'yandex';
type Table = readonly (readonly [RegExp, FailureClass])[];

/**
 * What each cloud's own words mean; of several that match the first counts. `fallback`: another zone, type or market
 * may have what this one has not. `quota`: waiting or asking the cloud for more helps, another zone does not.
 */
const tables: Readonly<Record<Provider, Table>> = {
  // Codes of EC2 (AWSEC2/latest/APIReference/errors-overview) and of ECS (AmazonECS/latest/APIReference/CommonErrors).
  aws: [
    [/RequestLimitExceeded|Throttl|TooManyRequests|Rate exceeded|RequestThrottled/i, 'retryable'],
    [/Insufficient(Instance|Host|ReservedInstance)?Capacity\b|UnfulfillableCapacity/i, 'fallback'],
    [
      /Capacity is unavailable at this time|SpotMaxPriceTooLow|InsufficientFreeAddressesInSubnet/i,
      'fallback',
    ],
    [/api error Unsupported\b|instance type .* is not supported in your requested Availability/i, 'fallback'],
    [/(Instance|Vcpu|Volume|MaxIOPS|Address|NetworkInterface|PendingSnapshot)LimitExceeded/i, 'quota'],
    [/MaxSpotInstanceCountExceeded|reached the limit on the number of (tasks|vCPUs)/i, 'quota'],
    [/ServiceQuotaExceeded|LimitExceededException|Resource(Count)?LimitExceeded/i, 'quota'],
    [/UnauthorizedOperation|AccessDenied|AuthFailure|OptInRequired|Blocked\b|not authorized to/i, 'denied'],
    [/InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch|No valid credential sources/i, 'denied'],
    [/Invalid\w*\.(NotFound|Malformed)|InvalidParameter|ClusterNotFoundException|ClientException/i, 'fatal'],
    [/\bInternalError\b|InternalFailure|\bUnavailable\b|ServiceUnavailable|ServerException/i, 'retryable'],
  ],
  // Codes of gRPC, as the provider prints them: `rpc error: code = X desc = …`.
  yandex: [
    [/code = ResourceExhausted desc = .*(quota|limit)/i, 'quota'],
    [/not enough (free )?resources|no (free )?resources? (is |are )?available|out of capacity/i, 'fallback'],
    [/code = ResourceExhausted desc = .*(capacity|address)/i, 'fallback'],
    [/code = ResourceExhausted/, 'retryable'],
    [/code = (PermissionDenied|Unauthenticated)|iam token .* (invalid|expired)/i, 'denied'],
    // What an apply that was killed has made, and no state tells of: it is found and removed before the next one.
    [/code = AlreadyExists\b/, 'retryable'],
    [/code = (Unavailable|DeadlineExceeded|Internal|Aborted|Unknown)\b/, 'retryable'],
    [/code = (InvalidArgument|NotFound|FailedPrecondition|OutOfRange|Unimplemented)/, 'fatal'],
  ],
  local: [
    [/permission denied|operation not permitted|EACCES|EPERM/i, 'denied'],
    [/EAGAIN|no space left|ENOSPC|ENOMEM|cannot allocate memory/i, 'retryable'],
  ],
};

/** OpenTofu's own words and those of any network. */
const shared: Table = [
  [/throttl|TooManyRequests|rate exceeded/i, 'retryable'],
  [/quota|maximum number of/i, 'quota'],
  [/AccessDenied|PermissionDenied|not authorized|permission denied/i, 'denied'],
  [/acquiring the state lock|saved plan is stale|failed to (save|persist) state/i, 'retryable'],
  [/time(d )?out|connection (refused|reset)|no such host|temporar|EOF\b|no space left|ENOSPC/i, 'retryable'],
  [/service unavailable|internal (server )?error|bad gateway|\b50[0234]\b/i, 'retryable'],
];

/** What may be done about a failure of OpenTofu or of a cloud, told by its text. */
export function classifyFailure(text: string, provider: Provider = 'local'): FailureClass {
  return [...tables[provider], ...shared].find(([pattern]) => pattern.test(text))?.[1] ?? 'fatal';
}
