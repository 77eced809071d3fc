import type { Channel, Environment } from "../domain/environment/environment.js";
import { hasTrait } from "../domain/message/channel-types.js";
import type { FaultBody, FaultError } from "../domain/request/helper-bodies.js";
import { KnockError } from "../errors/knock-error.js";
import type { Delivery, Provider } from "../ports/provider.js";
import { findNearest } from "../util/find-nearest.js";
import { computeDigest, systemIds } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";

interface Fault {
  id: string;
  /** The key or ID of a channel, or a channel type, as requested. */
  channel: string;
  keys: readonly string[];
  status: number | null;
  error: FaultError | null;
  /** The number of failures left; null if the fault lasts until it is cleared. */
  remaining: number | null;
  /** The share of attempts that fail, from 0 to 1. */
  rate: number;
  seed: string;
  failed: number;
  passed: number;
  random(): number;
}

const STEP = 0x6d2b79f5;

/**
 * Returns a generator of numbers from 0 up to but not including 1. The same seed returns the same numbers (mulberry32). `drawn`
 * numbers are skipped.
 */
function createRandom(seed: string, drawn = 0): () => number {
  let state = (Number.parseInt(computeDigest(seed).slice(0, 8), 16) + Math.imul(drawn, STEP)) | 0;
  return () => {
    state = (state + STEP) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The faults of one moment. */
export interface SavedFaults {
  faults: readonly Omit<Fault, "random">[];
  channels: readonly Channel[];
}

/** Returns whether a delivery is retried after a provider's status (CH-042). */
function isRetryable(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function toDelivery({ status, error }: Fault): Delivery {
  if (status !== null)
    return { status: "failed", retryable: isRetryable(status), reason: `fault: the provider responded ${status}` };
  if (error === "bounced") return { status: "bounced", reason: "fault: the address is refused" };
  if (error === "malformed") return { status: "failed", retryable: false, reason: "fault: the request is malformed" };
  const reason = error === "timeout" ? "fault: no answer in time" : "fault: the connection was closed";
  return { status: "failed", retryable: true, reason };
}

function isActive({ remaining }: Fault): boolean {
  return remaining === null || remaining > 0;
}

/** Returns an error that suggests the nearest known name, or lists all known names. */
function createUnknownChannelError(name: string, known: readonly string[]): KnockError {
  const near = findNearest(name, known);
  const hint = near === undefined ? `it may be ${known.join(", ")}` : `did you mean "${near}"?`;
  return createChannelError(`is unknown: ${JSON.stringify(name)}; ${hint}`);
}

function createChannelError(message: string): KnockError {
  return new KnockError("invalid_params", `channel ${message}`, { details: [{ pointer: "/channel", message }] });
}

/**
 * Failures that tests inject into deliveries. The engine needs no code for them: it receives an
 * environment in which channels with a fault deliver, and providers that fail. Messages of a sandboxed channel that do
 * not fail stay sandboxed.
 */
export class Faults {
  private readonly faults: Fault[] = [];
  private cache: { environment: Environment; armed: string; result: Environment } | undefined;
  private readonly sandboxed = new WeakSet<Channel>();
  private channels: readonly Channel[] = [];

  /** Adds a fault. `channels` are all channels of the project. Throws 422 for an unknown channel. */
  add({ channel, status, error, times, rate, seed }: FaultBody, channels: readonly Channel[]): JsonObject {
    const chosenSeed = String(seed ?? systemIds.uuid());
    const fault: Fault = {
      id: systemIds.uuid(),
      channel,
      keys: findFailingChannels(channel, channels).map(({ key }) => key),
      status: status ?? null,
      error: error ?? null,
      // With a rate, chance decides how many deliveries fail. Without one, a single failure is the least surprising.
      remaining: times ?? (typeof rate === "number" ? null : 1),
      rate: rate ?? 1,
      seed: chosenSeed,
      failed: 0,
      passed: 0,
      random: createRandom(chosenSeed),
    };
    this.channels = channels;
    this.faults.push(fault);
    return serializeFault(fault);
  }

  list(): JsonObject[] {
    return this.faults.map(serializeFault);
  }

  /** Removes all faults and returns their number. */
  clear(): number {
    return this.faults.splice(0).length;
  }

  /** Returns a copy of the faults, with the numbers of attempts so far. */
  save(): SavedFaults {
    return { faults: this.faults.map((fault) => ({ ...fault })), channels: this.channels };
  }

  /** Replaces the faults by a copy. Each continues with the random numbers that it would have drawn next. */
  restore({ faults, channels }: SavedFaults): void {
    const copies = faults.map((fault) => ({ ...fault, random: createRandom(fault.seed, fault.failed + fault.passed) }));
    this.faults.splice(0, this.faults.length, ...copies);
    this.channels = channels;
  }

  /** Returns an environment in which every channel with an active fault delivers. */
  applyTo(environment: Environment): Environment {
    const keys = new Set(this.faults.filter(isActive).flatMap((fault) => fault.keys));
    if (keys.size === 0) return environment;
    const activeKeys = [...keys].join(" ");
    if (this.cache?.environment === environment && this.cache.armed === activeKeys) return this.cache.result;
    const channels = Object.assign(Object.create(null) as Environment["channels"], environment.channels);
    for (const channel of this.channels) {
      const { key } = channel;
      const declared = Object.hasOwn(environment.channels, key) ? environment.channels[key] : channel;
      if (!keys.has(key) || !declared || declared.deliver) continue;
      // The conditions of a channel apply only to real deliveries (E-172).
      const deliveringChannel: Channel = { ...declared, deliver: true, conditions: null };
      this.sandboxed.add(deliveringChannel);
      channels[key] = deliveringChannel;
    }
    const result = { ...environment, channels };
    this.cache = { environment, armed: activeKeys, result };
    return result;
  }

  /**
   * Returns a provider that fails when a fault of the channel applies. Returns null if the channel has neither a fault
   * nor a provider.
   */
  wrapProvider(channel: Channel, findProvider: (channel: Channel) => Provider | null): Provider | null {
    const isSandboxed = this.sandboxed.has(channel);
    if (!isSandboxed && !this.faults.some((fault) => isActive(fault) && fault.keys.includes(channel.key)))
      return findProvider(channel);
    return {
      send: async (message, channelSettings, stored, record): Promise<Delivery> => {
        const failed = this.drawFailure(channel.key);
        if (failed !== null) return failed;
        if (isSandboxed) return { status: "not_sent" };
        const provider = findProvider(channel);
        if (provider !== null) return provider.send(message, channelSettings, stored, record);
        return { status: "failed", retryable: false, reason: `no provider is configured for channel "${channel.key}"` };
      },
      // A sandboxed channel sends no request to a provider.
      findUser: async (email, token, channelSettings) =>
        isSandboxed ? null : ((await findProvider(channel)?.findUser?.(email, token, channelSettings)) ?? null),
      // Delivery checks of sent messages continue, because faults affect only attempts.
      check: async (message, channelSettings, record) =>
        (await findProvider(channel)?.check?.(message, channelSettings, record)) ?? {
          status: "unknown",
          reason: "nothing to ask",
        },
    };
  }

  /**
   * Returns a failure if the channel's first active fault applies to this attempt, otherwise null. Each attempt draws
   * one random number.
   */
  private drawFailure(key: string): Delivery | null {
    const fault = this.faults.find((candidate) => isActive(candidate) && candidate.keys.includes(key));
    if (fault === undefined) return null;
    if (fault.random() >= fault.rate) {
      fault.passed++;
      return null;
    }
    fault.failed++;
    if (fault.remaining !== null) fault.remaining--;
    return toDelivery(fault);
  }
}

/** Returns the channels with a key, ID or type, except in-app feeds. Throws 422 without such a channel. */
export function findFailingChannels(name: string, channels: readonly Channel[]): Channel[] {
  const matchingChannels = channels.filter(({ key, id, type }) => key === name || id === name || type === name);
  if (matchingChannels.length === 0)
    throw createUnknownChannelError(name, [...new Set(channels.flatMap(({ key, type }) => [key, type]))]);
  const failing = matchingChannels.filter(({ type }) => !hasTrait(type, "isFeed"));
  if (failing.length === 0) throw createChannelError("is an in-app feed, whose deliveries cannot fail");
  return failing;
}

function serializeFault({
  id,
  channel,
  keys,
  status,
  error,
  remaining,
  rate,
  seed,
  failed,
  passed,
}: Fault): JsonObject {
  return { id, channel, channels: [...keys], status, error, left: remaining, rate, seed, failed, passed };
}
