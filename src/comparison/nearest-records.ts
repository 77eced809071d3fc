/** Records of the past by key. Each is found once, for the nearest time. */
export class NearestRecords<T> {
  private readonly left = new Map<string, { record: T; at: number }[]>();

  /** `getTime` returns the time of a record, in milliseconds. */
  constructor(records: readonly T[], getKey: (record: T) => string, getTime: (record: T) => number) {
    for (const record of records) {
      const key = getKey(record);
      const group = this.left.get(key) ?? [];
      group.push({ record, at: getTime(record) });
      this.left.set(key, group);
    }
    for (const group of this.left.values()) group.sort((a, b) => a.at - b.at);
  }

  /** Removes and returns the record of a key that is nearest to a time, and the oldest of several. */
  take(key: string, at: number): T | undefined {
    const group = this.left.get(key) ?? [];
    const getDistance = (index: number): number => Math.abs((group[index]?.at ?? Number.POSITIVE_INFINITY) - at);
    // Records are mostly taken in order of time, so the nearest one is near the start.
    let nearest = 0;
    for (let next = 1; next < group.length && getDistance(nearest) > 0; next++) {
      if (getDistance(next) > getDistance(nearest)) break;
      if (getDistance(next) < getDistance(nearest)) nearest = next;
    }
    return group.splice(nearest, 1)[0]?.record;
  }
}
