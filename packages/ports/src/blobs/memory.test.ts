import { describeBlobsContract } from './contract.ts';
import { createMemoryBlobs } from './memory.ts';

describeBlobsContract({ name: 'memory', create: createMemoryBlobs });
