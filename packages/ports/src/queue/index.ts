export type { CallOptions } from '../call.ts';
export { outboxWrite, queueName } from './outbox-write.ts';
export type { Delivery, MessageKind, QueueMessage, QueueOperations, QueueStats, WorkQueue } from './queue.ts';
