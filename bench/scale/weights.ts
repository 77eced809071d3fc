// How often each recipient is notified, and where its rows are.

/** Shards by recipient. A table maps each of them to a database. */
export const SHARDS = 256;

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

/** Returns the share of each recipient, which falls with its rank to the power `exponent`. The shares sum to 1. */
export function computeWeights(recipients: number, exponent: number): Float64Array {
  const weights = new Float64Array(recipients);
  let sum = 0;
  for (let rank = 0; rank < recipients; rank++) {
    const weight = (rank + 1) ** -exponent;
    weights[rank] = weight;
    sum += weight;
  }
  for (let rank = 0; rank < recipients; rank++) weights[rank]! /= sum;
  return weights;
}

/** Returns the shard of each recipient: a hash of its ID (FNV-1a, with the last bits mixed). */
export function assignShards(recipients: number): Uint8Array {
  const shards = new Uint8Array(recipients);
  for (let rank = 0; rank < recipients; rank++) {
    const id = `user-${rank}`;
    let hash = 0x811c9dc5;
    for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    shards[rank] = (hash ^ (hash >>> 13)) & (SHARDS - 1);
  }
  return shards;
}

/** Returns the load of each shard as a share of the total. */
export function sumShards(weights: Float64Array, shards: Uint8Array): Float64Array {
  const loads = new Float64Array(SHARDS);
  for (let rank = 0; rank < weights.length; rank++) loads[shards[rank]!]! += weights[rank]!;
  return loads;
}

/** Returns the load of the busiest of `count` shards, divided by the mean. */
export function measureSkew(loads: Float64Array, count: number): number {
  const merged = new Float64Array(count);
  for (const [shard, load] of loads.entries()) merged[shard % count]! += load;
  return Math.max(...merged) * count;
}

/**
 * Returns the database of each shard. `hash` distributes shards in turn. `load` gives the busiest shards away first, each to
 * the database with the least load, as an operator does who moves shards.
 */
export function placeShards(loads: Float64Array, databases: number, placement: "hash" | "load"): Uint8Array {
  const placed = new Uint8Array(SHARDS);
  if (placement === "hash") return placed.map((_, shard) => shard % databases);
  const sums = new Float64Array(databases);
  const order = [...loads.keys()].sort((left, right) => loads[right]! - loads[left]!);
  for (const shard of order) {
    const lightest = sums.indexOf(Math.min(...sums));
    placed[shard] = lightest;
    sums[lightest]! += loads[shard]!;
  }
  return placed;
}

/** Returns a function that draws recipients by weight in constant time (the alias method). */
export function createSampler(weights: Float64Array, random: () => number): () => number {
  const count = weights.length;
  const threshold = weights.map((weight) => weight * count);
  const alias = new Int32Array(count);
  const below: number[] = [];
  const above: number[] = [];
  for (let index = 0; index < count; index++) (threshold[index]! < 1 ? below : above).push(index);
  while (below.length > 0 && above.length > 0) {
    const small = below.pop()!;
    const large = above.at(-1)!;
    alias[small] = large;
    threshold[large]! -= 1 - threshold[small]!;
    if (threshold[large]! < 1) below.push(above.pop()!);
  }
  for (const index of [...below, ...above]) threshold[index] = 1;
  return () => {
    const position = random() * count;
    const index = Math.floor(position);
    return position - index < threshold[index]! ? index : alias[index]!;
  };
}
