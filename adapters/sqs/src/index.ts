export { checkSqsQueue, type QueueCheck } from './check-queue.ts';
export { createQueues } from './queues.ts';
export { createSdkCalls, type SqsConnection, type SqsProtocol } from './sdk-calls.ts';
export { createSqsQueue, type SqsQueue, type SqsQueueDeps } from './sqs-queue.ts';
