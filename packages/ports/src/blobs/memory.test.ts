import { describeBlobsContract } from './contract.ts';
import { createMemoryBlobs } from './memory.ts';

describeBlobsContract({
  name: 'memory',
  create: createMemoryBlobs,
  skip: {
    'holds no more than a few chunks of 64 MB in memory, in or out': 'memory is where it keeps its values',
    'gives no content whose bytes were changed': 'nobody else can change its values',
  },
});
