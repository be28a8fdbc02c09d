import type { FileHandle } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { openBodyStore } from '../../../src/fetch/body-store.ts';

/** A file of which the system takes only so many bytes at a time. */
function shortFile(bytesAtOnce: number) {
  const content = Buffer.alloc(20, '.');
  const put = (bytes: Uint8Array, position: number) => {
    const part = bytes.subarray(0, bytesAtOnce);
    content.set(part, position);
    return { bytesWritten: part.length };
  };
  const handle = {
    writev: async (pieces: readonly Uint8Array[], position: number) => put(Buffer.concat(pieces), position),
    write: async (bytes: Uint8Array, from: number, length: number, position: number) =>
      put(bytes.subarray(from, from + length), position),
    truncate: async () => content.fill('.'),
  };
  return { content, handle: handle as unknown as FileHandle };
}

describe('a store in a file', () => {
  test('writes the rest of what the system took in part', async () => {
    const { content, handle } = shortFile(3);
    const store = openBodyStore(handle);
    await store.write([Buffer.from('abcd'), Buffer.from('efgh')], 0);
    await store.write([Buffer.from('ij')], 8);
    expect(content.toString()).toBe('abcdefghij..........');
    expect(store.size).toBe(10);
  });

  test('fails when the system takes nothing', async () => {
    const { handle } = shortFile(0);
    await expect(openBodyStore(handle).write([Buffer.from('ab')], 0)).rejects.toThrow('nothing was written');
  });
});

describe('a store in memory', () => {
  test('joins the pieces, and forgets them', async () => {
    const store = openBodyStore(undefined);
    await store.write([Buffer.from('ab'), Buffer.from('c')], 0);
    await store.write([Buffer.from('d')], 3);
    expect(Buffer.from(store.bytes() ?? []).toString()).toBe('abcd');
    expect(store.size).toBe(4);
    await store.clear();
    expect(store.bytes()).toHaveLength(0);
    expect(store.size).toBe(0);
  });
});
