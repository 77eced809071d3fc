/**
 * Returns a function that creates a value at its first call and caches it, so that an import does not create what a start
 * may not need.
 */
export function once<T>(create: () => T): () => T {
  let cached: { value: T } | undefined;
  return () => {
    cached ??= { value: create() };
    return cached.value;
  };
}
