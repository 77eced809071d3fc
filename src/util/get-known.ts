/** Returns the value of a key that was added to a map before. Throws if it is missing, which is a bug. */
export function getKnown<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`missing: ${key}`);
  return value;
}
