/** Maps in order of the items with at most `workers` at a time; stops between items when `signal` aborts. */
export async function mapLimited<T, R>(
  items: readonly T[],
  workers: number,
  signal: AbortSignal | undefined,
  map: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) {
      signal?.throwIfAborted();
      results[index] = await map(item, index);
    }
  };
  signal?.throwIfAborted();
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}
