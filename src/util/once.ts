/** Makes a value at the first asking and keeps it: what a start may not need should not be made at import. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
