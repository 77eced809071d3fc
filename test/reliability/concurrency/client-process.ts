import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openCommandTransport } from "./command-transport.js";
import { openEngineTransport } from "./engine-transport.js";
import type { Call, HistoryEntry } from "./history.js";
import { openHttpTransport } from "./http-transport.js";
import { MARKS } from "./models.js";
import { performCall, type Transport } from "./storm-client.js";

/** The settings of a client process, which it gets as JSON in its first argument. */
export interface ClientSettings {
  name: string;
  transport: "engine" | "http" | "command";
  /** The project's folder, the store, the built command, and the address of `knock dev`. */
  folder: string;
  store: string;
  bin: string;
  url: string;
  /** The file for the history, one entry per line. */
  output: string;
  /** The client ends after this time or this number of calls. */
  durationMs: number;
  maxCalls: number;
  /** The longest pause between two calls in milliseconds. */
  maxPause: number;
  /** Null if the store's clock cannot be moved. */
  clockStep: number | null;
}

/** Subjects are replaced after this time, so that each has few operations, which many processes perform at once. */
const SUBJECT_LIFETIME_MS = 1_000;
const SUBJECTS = 3;

/** Returns the time of a clock that all processes share and that no one can set. */
const readTime = (): number => Number(process.hrtime.bigint()) / 1e6;

const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;

async function openTransport({ transport, folder, store, bin, url }: ClientSettings): Promise<Transport> {
  if (transport === "http") return openHttpTransport(url);
  return transport === "engine" ? openEngineTransport(folder, store) : openCommandTransport(bin, folder, store);
}

/** Chooses calls at random. */
class CallSource {
  private calls = 0;

  constructor(
    private readonly settings: ClientSettings,
    private readonly transport: Transport,
    private readonly startAt: number,
  ) {}

  private pickSubject(kind: string): string {
    const generation = Math.floor((readTime() - this.startAt) / SUBJECT_LIFETIME_MS);
    return `${kind}-${generation}-${Math.floor(Math.random() * SUBJECTS)}`;
  }

  private async pickMessage(): Promise<string | null> {
    const messages = await this.transport.listMessages(this.pickSubject("note"), "note");
    return messages.length === 0 ? null : pick(messages.slice(-2)).id;
  }

  async next(): Promise<Call> {
    const { name, clockStep, transport } = this.settings;
    const number = ++this.calls;
    const journey = this.pickSubject("journey");
    const digest = this.pickSubject("digest");
    const choice = Math.random();
    if (choice < 0.16) return { type: "trigger", workflow: "journey", subject: journey };
    if (choice < 0.24) return { type: "cancel", workflow: "journey", subject: journey, key: journey };
    if (choice < 0.31) return { type: "list_runs", subject: journey };
    if (choice < 0.38) return { type: "count_messages", subject: journey };
    if (choice < 0.5)
      return {
        type: "trigger",
        workflow: "digest",
        subject: digest,
        activity: `${name}-${number}-${digest.split("-")[1]}`,
      };
    if (choice < 0.53 && this.lastActivity !== null)
      return { type: "cancel", workflow: "digest", ...this.lastActivity };
    if (choice < 0.57) return { type: "list_digests", subject: digest };
    if (choice < 0.64) return { type: "trigger", workflow: "alert", subject: this.pickSubject("alert") };
    if (choice < 0.76) {
      const key = this.pickSubject("once");
      return { type: "trigger", workflow: "once", subject: key, key, payload: Math.random() < 0.8 ? "usual" : "other" };
    }
    if (choice < 0.9) {
      const message = await this.pickMessage();
      if (message !== null) return { type: "mark", message, mark: Math.random() < 0.7 ? pick(MARKS) : null };
      return { type: "trigger", workflow: "note", subject: this.pickSubject("note") };
    }
    if (clockStep === null || transport === "http") return { type: "trigger", workflow: "journey", subject: journey };
    if (choice < 0.94) return { type: "move_clock", by: clockStep };
    return choice < 0.98 ? { type: "read_clock" } : { type: "work" };
  }

  private lastActivity: { subject: string; key: string } | null = null;

  /** Remembers an activity, so that it can be withdrawn. */
  remember(call: Call): void {
    if (call.type === "trigger" && call.activity !== undefined)
      this.lastActivity = { subject: call.subject, key: call.activity };
  }
}

/** Returns the time at which all clients start. They start together, once all are ready. */
async function awaitStart(): Promise<number> {
  const started = once(process, "message");
  process.send?.("ready");
  const [startAt] = (await started) as [number];
  return startAt;
}

async function run(settings: ClientSettings): Promise<void> {
  const transport = await openTransport(settings);
  const output = createWriteStream(settings.output);
  const startAt = await awaitStart();
  const source = new CallSource(settings, transport, startAt);
  for (let calls = 0; calls < settings.maxCalls && readTime() < startAt + settings.durationMs; calls++) {
    const call = await source.next();
    const invokedAt = readTime();
    let result: HistoryEntry["result"] = null;
    let error: string | null = null;
    try {
      result = await performCall(transport, call);
    } catch (failure) {
      error = failure instanceof Error ? `${failure.message}\n${failure.stack}` : String(failure);
    }
    const entry = { client: settings.name, call, invokedAt, respondedAt: readTime(), result, error };
    output.write(`${JSON.stringify(entry)}\n`);
    source.remember(call);
    await sleep(Math.random() * settings.maxPause);
  }
  output.end();
  await once(output, "finish");
  await transport.close();
  process.disconnect();
}

void run(JSON.parse(process.argv[2] as string) as ClientSettings);
