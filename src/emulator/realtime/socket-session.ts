import type { WebSocket } from "ws";
import { checkJsonShape } from "../../domain/shape/json-limits.js";
import { authorize, type Caller, grantedTenants } from "../access/authenticate.js";
import { accessOf } from "../create-listener.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { apiErrorOf, missing } from "../http/api-error.js";
import { requireFeed } from "../known-channels.js";
import { requireGuides } from "../routes/guides.js";
import { FeedSubscription, parseFeedTopic } from "./feed-subscription.js";
import type { FeedWatch } from "./feed-watch.js";
import { type Frame, readFrame, replyTo, writeFrame } from "./frame.js";
import { GuideSubscription, parseGuideTopic } from "./guide-subscription.js";
import type { GuideWatch } from "./guide-watch.js";

/** "Unsupported data": what came is no frame. */
const UNREADABLE = 1003;

/** Bytes that wait for a client to read them; who is so far behind is better off coming back. */
const MAX_UNREAD = 32 * 1_048_576;

/** A join that is refused: what the client is told, and why. */
class Refusal {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly why: string,
  ) {}
}

/** One socket and the channels it has joined. */
export class SocketSession {
  private readonly joined = new Map<string, FeedSubscription | GuideSubscription>();
  /** Frames are answered in their order. */
  private last: Promise<void> = Promise.resolve();
  /** Whether the client had a socket before this one; null until its first frame. */
  private returned: boolean | null = null;
  private ended = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly caller: Caller,
    private readonly feeds: FeedWatch,
    private readonly guides: GuideWatch,
    private readonly options: EmulatorOptions,
  ) {}

  receive(text: string): void {
    const frame = readFrame(text);
    if (frame === null) return this.socket.close(UNREADABLE, "not a frame");
    // A client counts its frames from 1 over all its sockets: what does not begin there has been here before.
    this.returned ??= frame.ref !== null && Number(frame.ref) > 1;
    this.last = this.last.then(() => this.answer(frame)).catch(this.options.onError);
  }

  end(): void {
    this.ended = true;
    for (const topic of [...this.joined.keys()]) this.leave(topic);
  }

  private async answer(frame: Frame): Promise<void> {
    const { topic, event } = frame;
    if (this.ended) return;
    if (topic === "phoenix" && event === "heartbeat") return this.send(replyTo(frame, null));
    if (event === "phx_join") return this.join(frame);
    if (!this.joined.has(topic)) return this.send(replyTo(frame, "unmatched topic"));
    if (event !== "phx_leave") return this.send(replyTo(frame, "unmatched event"));
    this.leave(topic);
    this.send(replyTo(frame, null));
  }

  /** A channel that is joined again is replaced. */
  private async join(frame: Frame): Promise<void> {
    const { topic } = frame;
    this.leave(topic);
    const began = performance.now();
    const subscription = await this.admitted(frame);
    if (subscription instanceof Refusal) {
      const { status, reason, why } = subscription;
      const took_ms = performance.now() - began;
      this.options.onAnswered?.({ method: "JOIN", path: topic, status, took_ms, workflow_run_id: null, error: why });
      return this.send(replyTo(frame, reason));
    }
    if (this.ended) return this.forget(subscription);
    this.joined.set(topic, subscription);
    this.send(replyTo(frame, null));
    // What came while the client was away it would not learn of before the next change.
    if (!this.returned) return;
    if (subscription instanceof FeedSubscription) await this.feeds.announceAll(subscription);
    else await subscription.announceAll();
  }

  /** The subscription, watched from here on, or why there is none (RQ-2). */
  private async admitted(frame: Frame): Promise<FeedSubscription | GuideSubscription | Refusal> {
    try {
      checkJsonShape(frame.payload, "the join");
      const channel = parseGuideTopic(frame.topic);
      return await (channel === null ? this.subscribeFeed(frame) : this.subscribeGuides(frame, channel));
    } catch (error) {
      const known = apiErrorOf(error);
      if (known === null || known.status === 500) throw error;
      const { status, message } = known;
      if (status === 401 || status === 403) return new Refusal(status, "unauthorized", message);
      return new Refusal(status, status === 404 ? "unmatched topic" : message, message);
    }
  }

  private async subscribeFeed({ topic, joinRef, payload }: Frame): Promise<FeedSubscription> {
    const feed = parseFeedTopic(topic);
    if (feed === null)
      throw missing(`There is no topic ${JSON.stringify(topic)}: feeds:<channel>:<user> and guides:<channel> are`);
    const open = { whose: "user", capability: "user/feed_read", orTenants: true } as const;
    const send = (content: Frame["payload"]): void =>
      this.send(writeFrame({ joinRef, ref: null, topic, event: "new-message", payload: content }));
    authorize(this.caller, open, { user: feed.user }, await accessOf(this.options));
    await requireFeed(this.options, feed.channel);
    const granted = grantedTenants(this.caller, feed.user);
    const subscription = FeedSubscription.of(topic, { ...feed, granted }, payload, send);
    await this.feeds.add(subscription);
    return subscription;
  }

  /** */
  private async subscribeGuides({ topic, joinRef, payload }: Frame, channel: string): Promise<GuideSubscription> {
    const query = GuideSubscription.queryOf(channel, payload);
    const open = { whose: "user", capability: "user/guide_read" } as const;
    authorize(this.caller, open, { user: query.user }, await accessOf(this.options));
    const guides = requireGuides(this.options);
    const subscription = new GuideSubscription(
      topic,
      query,
      (asked) => guides.list(asked),
      (event, content) => this.send(writeFrame({ joinRef, ref: null, topic, event, payload: content })),
    );
    await this.guides.add(subscription);
    return subscription;
  }

  private forget(subscription: FeedSubscription | GuideSubscription): void {
    if (subscription instanceof FeedSubscription) this.feeds.remove(subscription);
    else this.guides.remove(subscription);
  }

  private leave(topic: string): void {
    const subscription = this.joined.get(topic);
    if (subscription) this.forget(subscription);
    this.joined.delete(topic);
  }

  private send(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
    if (this.socket.bufferedAmount > MAX_UNREAD) this.socket.terminate();
  }
}
