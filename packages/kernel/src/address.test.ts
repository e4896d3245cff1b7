import { isIPv6 } from 'node:net';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRefusal, classifyAddress } from './address.ts';

describe('classifyAddress', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.1', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['::ffff:10.1.2.3', 'private'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['0.0.0.0', 'reserved'],
    ['0.1.2.3', 'reserved'],
    ['::', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['ff02::1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['not an address', 'reserved'],
    ['1.2.3', 'reserved'],
    ['1.2.3.256', 'reserved'],
    ['1::2::3', 'reserved'],
    ['1:2:3:4:5:6:7', 'reserved'],
    ['', 'reserved'],
  ])('says of %s: %s', (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  it('never takes an IPv4 address for another kind when it is written inside IPv6', () => {
    const quad = fc.ipV4();

    fc.assert(
      fc.property(quad, (address) => {
        expect(classifyAddress(`::ffff:${address}`)).toBe(classifyAddress(address));
        expect(classifyAddress(`64:ff9b::${address}`)).toBe(classifyAddress(address));
      }),
      { numRuns: runs(500) },
    );
  });

  it('gives every way to write one IPv6 address the same kind', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((address) => isIPv6(address)),
        (address) => {
          const short = new URL(`http://[${address}]/`).hostname;
          expect(classifyAddress(address)).toBe(classifyAddress(short));
        },
      ),
      { numRuns: runs(500) },
    );
  });
});

describe('addressRefusal', () => {
  it('lets private and loopback addresses pass only where they are allowed', () => {
    expect(addressRefusal('10.0.0.1', { allowPrivate: false })).toContain('private');
    expect(addressRefusal('127.0.0.1', { allowPrivate: false })).toContain('loopback');
    expect(addressRefusal('10.0.0.1', { allowPrivate: true })).toBeUndefined();
    expect(addressRefusal('127.0.0.1', { allowPrivate: true })).toBeUndefined();
  });

  it('never lets a metadata service or a reserved address pass', () => {
    expect(addressRefusal('169.254.169.254', { allowPrivate: true })).toContain('metadata');
    expect(addressRefusal('0.0.0.0', { allowPrivate: true })).toBeDefined();
  });
});
