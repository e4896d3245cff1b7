import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { AwsQueryProtocol } from '@aws-sdk/core/protocols';
import { type Clock, type Secret, skewOf } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/queue';
import type { SqsCalls, SqsMessage } from './calls.ts';
import { isNotInFlight, toQueueError } from './errors.ts';

/** `json` is what SQS speaks today; `query` is the older one that YMQ documents. */
export type SqsProtocol = 'json' | 'query';

export interface SqsConnection {
  readonly region: string;
  /** Another address than the region's own: YMQ, or an emulator. */
  readonly endpoint?: string | undefined;
  readonly protocol?: SqsProtocol | undefined;
  /** Without them: the SDK's own search (environment, profile, role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Secret } | undefined;
  /** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in upper or lower case, as the host has them. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
}

const connectTimeoutMs = 5_000;
/** Longer than the longest poll. */
const requestTimeoutMs = 30_000;
/** Tries in all, the SDK's: the only layer that repeats. */
const maxAttempts = 3;
const maxSockets = 64;

/** SQS, or what speaks its protocol, through the SDK. */
export function createSdkCalls(connection: SqsConnection, deps: { clock: Clock }): SqsCalls {
  const client = new SQSClient(configOf(connection));
  let skewMs: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      skewMs = skewOf(result.response, deps.clock.now()) ?? skewMs;
      return result;
    },
    { step: 'deserialize', name: 'seeServerTime', priority: 'low' },
  );
  const call = async <Answer>(
    at: { op: string; queue: string } & CallOptions,
    send: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> => {
    at.signal.throwIfAborted();
    try {
      return await send({ abortSignal: at.signal });
    } catch (error) {
      at.signal.throwIfAborted();
      throw toQueueError(error, at);
    }
  };
  return {
    ...messageCalls(client, call),
    ...queueCalls(client, call),
    clockSkewMs: () => skewMs,
    close: () => client.destroy(),
  };
}

type Call = <Answer>(
  at: { op: string; queue: string } & CallOptions,
  send: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
) => Promise<Answer>;

type MessageCalls = Pick<SqsCalls, 'send' | 'receive' | 'remove' | 'hide'>;

function messageCalls(client: SQSClient, call: Call): MessageCalls {
  return {
    async send(queue, entries, { signal }) {
      const Entries = entries.map(({ body, delaySeconds }, place) => ({
        Id: String(place),
        MessageBody: body,
        DelaySeconds: delaySeconds,
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: queue, Entries });
      const answer = await call({ op: 'send', queue, signal }, (options) => client.send(command, options));
      return (answer.Failed ?? []).map(({ Id }) => Number(Id));
    },
    async receive(queue, request, { signal }) {
      const command = new ReceiveMessageCommand({
        QueueUrl: queue,
        MaxNumberOfMessages: request.max,
        VisibilityTimeout: request.visibilitySeconds,
        WaitTimeSeconds: request.waitSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const answer = await call({ op: 'receive', queue, signal }, (options) => client.send(command, options));
      return (answer.Messages ?? []).map(
        (message): SqsMessage => ({
          id: message.MessageId ?? '',
          receipt: message.ReceiptHandle ?? '',
          body: message.Body ?? '',
          receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
        }),
      );
    },
    async remove(queue, receipts, { signal }) {
      const Entries = receipts.map((ReceiptHandle, place) => ({ Id: String(place), ReceiptHandle }));
      const command = new DeleteMessageBatchCommand({ QueueUrl: queue, Entries });
      await call({ op: 'delete', queue, signal }, (options) => client.send(command, options));
    },
    async hide(queue, { receipt, seconds }, { signal }) {
      const command = new ChangeMessageVisibilityCommand({
        QueueUrl: queue,
        ReceiptHandle: receipt,
        VisibilityTimeout: seconds,
      });
      return call({ op: 'change visibility', queue, signal }, async (options) => {
        try {
          await client.send(command, options);
          return 'ok';
        } catch (error) {
          if (isNotInFlight(error)) return 'gone';
          throw error;
        }
      });
    },
  };
}

function queueCalls(
  client: SQSClient,
  call: Call,
): Pick<SqsCalls, 'attributes' | 'setAttributes' | 'create'> {
  return {
    async attributes(queue, { signal }) {
      const command = new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['All'] });
      const answer = await call({ op: 'read attributes', queue, signal }, (options) =>
        client.send(command, options),
      );
      return answer.Attributes ?? {};
    },
    async setAttributes(queue, attributes, { signal }) {
      const command = new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { ...attributes } });
      await call({ op: 'set attributes', queue, signal }, (options) => client.send(command, options));
    },
    async create(name, attributes, { signal }) {
      const command = new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes } });
      const answer = await call({ op: 'create queue', queue: name, signal }, (options) =>
        client.send(command, options),
      );
      return answer.QueueUrl ?? '';
    },
  };
}

function configOf({ region, endpoint, protocol, credentials, proxies }: SqsConnection): SQSClientConfig {
  const agent = {
    keepAlive: true,
    maxSockets,
    ...(proxies === undefined ? {} : { proxyEnv: { ...proxies } }),
  };
  return {
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
    // The address in a queue's URL is for others: behind an endpoint of ours it may not be reachable.
    useQueueUrlAsEndpoint: endpoint === undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(protocol === 'query' ? { protocol: AwsQueryProtocol } : {}),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId,
            secretAccessKey: credentials.secretAccessKey.reveal(),
          },
        }),
  };
}
