import type { Delivery } from '@polar-gosling/ports/queue';

/** What a lease token says: whose lease it is, and how SQS knows the message. */
export interface HeldMessage {
  readonly token: string;
  readonly receiveCount: number;
  readonly receipt: string;
}

/** A worker gives back nothing but its delivery: what SQS needs travels in the token. */
export function writeLeaseToken({ token, receiveCount, receipt }: HeldMessage): string {
  return `${token} ${receiveCount} ${receipt}`;
}

export function readLeaseToken({ leaseToken }: Delivery): HeldMessage {
  const [token = '', receiveCount = '', receipt = ''] = leaseToken.split(' ');
  return { token, receiveCount: Number(receiveCount), receipt };
}
