export type { CallOptions } from '../call.ts';
export { queueErrors } from './errors.ts';
export { outboxWrite, queueName } from './outbox-write.ts';
export type {
  DeadLetter,
  Delivery,
  MessageKind,
  QueueMessage,
  QueueOperations,
  QueueStats,
  WorkQueue,
} from './queue.ts';
