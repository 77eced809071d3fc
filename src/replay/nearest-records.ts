/** Records of the past by key. Each is found once, for the nearest time. */
export class NearestRecords<T> {
  private readonly left = new Map<string, T[]>();

  constructor(
    records: readonly T[],
    getKey: (record: T) => string,
    /** Returns the time of a record, in milliseconds. */
    private readonly getTime: (record: T) => number,
  ) {
    for (const record of records) {
      const key = getKey(record);
      const group = this.left.get(key);
      if (group === undefined) this.left.set(key, [record]);
      else group.push(record);
    }
  }

  /** Removes and returns the record of a key that is nearest to a time, and the oldest of several. */
  take(key: string, at: number): T | undefined {
    const group = this.left.get(key) ?? [];
    const distances = group.map((record) => Math.abs(this.getTime(record) - at));
    const nearest = distances.indexOf(Math.min(...distances));
    return nearest === -1 ? undefined : group.splice(nearest, 1)[0];
  }
}
