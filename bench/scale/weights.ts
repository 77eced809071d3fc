// How often each recipient, tenant or workflow is drawn, and where its rows are.

/** Returns a generator of numbers from 0 to 1 that repeats for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Returns a function that draws one of `count` numbers from 0. A number is drawn less often by its rank to the power `exponent`. */
export function createSampler(count: number, exponent: number, random: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) sums[index] = sum += (index + 1) ** -exponent;
  return () => {
    const place = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Returns the largest of the loads divided by their mean. */
export const measureSkew = (loads: readonly number[]): number =>
  (Math.max(...loads) * loads.length) / loads.reduce((sum, load) => sum + load, 0);

/** Returns the loads of databases to which shards are assigned in turn. */
export function assignInTurn(loads: readonly number[], databases: number): number[] {
  const sums = new Array<number>(databases).fill(0);
  for (const [shard, load] of loads.entries()) sums[shard % databases]! += load;
  return sums;
}

/** Returns the loads of databases that get the busiest shards first, each the one with the least load, as an operator moves shards. */
export function assignByLoad(loads: readonly number[], databases: number): number[] {
  const sums = new Array<number>(databases).fill(0);
  for (const load of loads.toSorted((one, other) => other - one)) sums[sums.indexOf(Math.min(...sums))]! += load;
  return sums;
}
