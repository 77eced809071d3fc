/** Makes a value at the first asking and keeps it: what a start may not need should not be made at import. */
export function once<T>(create: () => T): () => T {
  let cached: { value: T } | undefined;
  return () => {
    cached ??= { value: create() };
    return cached.value;
  };
}
