import { describe, expect, it } from 'vitest';
import { classifyFailure } from './classify.ts';

const ec2 = (code: string, words: string, status = 400) =>
  `creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: ${status}, RequestID: 5e0f, api error ${code}: ${words}`;
const ecs = (code: string, words: string) =>
  `creating ECS Service (web): operation error ECS: CreateService, https response error StatusCode: 400, RequestID: 5e0f, ${code}: ${words}`;
const yandex = (code: string, words: string) =>
  `Error while requesting API to create instance: server-request-id = 82e1 client-request-id = 27e8 client-trace-id = 350f rpc error: code = ${code} desc = ${words}`;

/** Words of the clouds' documentation and of their providers' public issues. */
describe('what a failure on AWS means', () => {
  it.each([
    [
      'fallback',
      ec2(
        'InsufficientInstanceCapacity',
        'We currently do not have sufficient t3.large capacity in the Availability Zone you requested (us-west-2a).',
        500,
      ),
    ],
    [
      'fallback',
      ec2(
        'Unsupported',
        'Your requested instance type (c7g.large) is not supported in your requested Availability Zone (eu-central-1a).',
      ),
    ],
    [
      'fallback',
      ec2(
        'SpotMaxPriceTooLow',
        'Your Spot request price of 0.003 is lower than the minimum required Spot request fulfillment price of 0.01.',
      ),
    ],
    [
      'fallback',
      ec2(
        'InsufficientFreeAddressesInSubnet',
        'There are not enough free addresses in subnet subnet-0a to satisfy the requested number of instances.',
      ),
    ],
    [
      'fallback',
      'waiting for ECS Service (web): service web was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
    ],
    [
      'quota',
      ec2(
        'VcpuLimitExceeded',
        'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket.',
      ),
    ],
    ['quota', ec2('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded')],
    [
      'quota',
      ec2(
        'InstanceLimitExceeded',
        'Your quota allows for 0 more running instance(s). You requested at least 1',
      ),
    ],
    [
      'quota',
      "service web was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.",
    ],
    [
      'denied',
      ec2(
        'UnauthorizedOperation',
        'You are not authorized to perform this operation. User: arn:aws:iam::1:user/x',
        403,
      ),
    ],
    ['denied', ec2('AuthFailure', 'AWS was not able to validate the provided access credentials', 401)],
    [
      'denied',
      ecs(
        'AccessDeniedException',
        'User: arn:aws:sts::1:assumed-role/w is not authorized to perform: ecs:CreateService',
      ),
    ],
    ['denied', 'No valid credential sources found: failed to refresh cached credentials'],
    ['retryable', ec2('RequestLimitExceeded', 'Request limit exceeded.', 503)],
    ['retryable', ec2('Unavailable', 'The server is overloaded and cannot handle the request.', 503)],
    ['retryable', ec2('InternalError', 'An internal error has occurred.', 500)],
    ['retryable', ecs('ThrottlingException', 'Rate exceeded')],
    ['fatal', ec2('InvalidAMIID.NotFound', "The image id '[ami-0]' does not exist")],
    ['fatal', ec2('InvalidSubnetID.NotFound', "The subnet ID 'subnet-0' does not exist")],
    ['fatal', ecs('ClusterNotFoundException', 'Cluster not found.')],
    ['fatal', ec2('InvalidParameterValue', 'Invalid IAM Instance Profile name')],
  ] as const)('%s: %s', (expected, text) => {
    expect(classifyFailure(text, 'aws')).toBe(expected);
  });
});

describe('what a failure on Yandex Cloud means', () => {
  it.each([
    ['quota', yandex('ResourceExhausted', 'Quota limit compute.instanceCores.count exceeded')],
    ['quota', yandex('ResourceExhausted', 'The limit on maximum number of instances has exceeded.')],
    ['fallback', yandex('ResourceExhausted', 'Not enough resources in the availability zone')],
    ['fallback', yandex('ResourceExhausted', 'Subnet has no free address')],
    ['retryable', yandex('ResourceExhausted', 'Too many requests')],
    ['denied', yandex('PermissionDenied', 'Permission denied to resource-manager.folder')],
    ['denied', yandex('Unauthenticated', 'The token has expired')],
    ['retryable', yandex('Unavailable', 'upstream connect error')],
    ['retryable', yandex('DeadlineExceeded', 'context deadline exceeded')],
    ['retryable', yandex('Internal', 'internal')],
    ['fatal', yandex('FailedPrecondition', 'Platform "standart-v4" not found')],
    [
      'fatal',
      yandex('InvalidArgument', 'the specified number of cores is not available on platform "standard-v1"'),
    ],
    ['fatal', yandex('NotFound', 'Subnet with id "e9b0" not found')],
    ['retryable', yandex('AlreadyExists', 'Instance with name "x" already exists')],
  ] as const)('%s: %s', (expected, text) => {
    expect(classifyFailure(text, 'yandex')).toBe(expected);
  });
});

describe('what a failure on this host or of OpenTofu itself means', () => {
  it.each([
    ['denied', 'spawn /usr/bin/x EACCES'],
    ['retryable', 'fork: EAGAIN: resource temporarily unavailable'],
    ['retryable', 'Error acquiring the state lock'],
    ['retryable', 'Saved plan is stale'],
    ['retryable', 'ENOSPC: no space left on device'],
    ['retryable', 'dial tcp: lookup sts.amazonaws.com: no such host'],
    ['fatal', 'Reference to undeclared resource'],
  ] as const)('%s: %s', (expected, text) => {
    expect(classifyFailure(text)).toBe(expected);
  });
});
