import type { WebSocket } from "ws";
import { checkJsonShape } from "../../../../domain/findings/check-json-shape.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { authorize, type Caller, findGrantedTenants } from "../access/authenticate.js";
import { readAccessSettings } from "../access/read-access-settings.js";
import type { EmulatorOptions } from "../emulator-options.js";
import { checkFeedChannel } from "../find-channel.js";
import { createInvalidFieldError, createNotFoundError, toApiError } from "../http/api-error.js";
import { requireGuides } from "../routes/guide-routes.js";
import { FeedSubscription, parseFeedTopic } from "./feed-subscription.js";
import type { FeedWatcher } from "./feed-watcher.js";
import { GuideSubscription, parseGuideTopic } from "./guide-subscription.js";
import type { GuideWatcher } from "./guide-watcher.js";

/** A message on the socket: `[join_ref, ref, topic, event, payload]`. */
interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: JsonObject;
}

function isRef(value: unknown): value is string | null {
  return typeof value === "string" || value === null;
}

/** Parses a frame. Returns null for an invalid one. */
function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [joinRef, ref, topic, event, payload] = value;
  if (!isRef(joinRef) || !isRef(ref) || typeof topic !== "string" || typeof event !== "string") return null;
  return isJsonObject(payload) ? { joinRef, ref, topic, event, payload } : null;
}

function serializeFrame({ joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

/** Returns the reply to a frame, with its refs. The reply is an error unless `reason` is null. */
function serializeReply({ joinRef, ref, topic }: Frame, reason: string | null): string {
  const payload: JsonObject =
    reason === null ? { status: "ok", response: {} } : { status: "error", response: { reason } };
  return serializeFrame({ joinRef, ref, topic, event: "phx_reply", payload });
}

/** "Unsupported data": the received text is not a frame. */
const CLOSE_UNSUPPORTED_DATA = 1003;

/** "Policy violation": the key or the token is not valid any more. Clients reconnect after it with their current token. */
const CLOSE_POLICY_VIOLATION = 1008;

/**
 * Limits what a user with a token joins: the topics of a socket, and the feed clients of a topic. Each of them is read when a
 * message arrives, and everyone else waits.
 */
const MAX_TOPICS = 50;
const MAX_CLIENTS = 25;

/**
 * Limits the bytes that wait for a client to read them. A client that is so far behind is disconnected and reconnects.
 */
const MAX_BUFFERED_BYTES = 32 * 1_048_576;

/** The number of frames that wait to be processed before the socket is no longer read. */
const MAX_WAITING_FRAMES = 100;

/** The rejection of a join: `reason` is sent to the client, `message` is for the request log. */
class JoinRejection {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly message: string,
  ) {}
}

/** One socket and the channels it has joined. */
export class SocketSession {
  private readonly subscriptions = new Map<string, FeedSubscription | GuideSubscription>();
  /** Frames are processed in their order. */
  private queue: Promise<void> = Promise.resolve();
  private waitingFrames = 0;
  /** Whether the client had an earlier socket; null until its first frame. */
  private isReconnect: boolean | null = null;
  private ended = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly caller: Caller,
    private readonly authenticateAgain: () => Promise<Caller>,
    private readonly feedWatcher: FeedWatcher,
    private readonly guideWatcher: GuideWatcher,
    private readonly options: EmulatorOptions,
  ) {}

  receive(text: string): void {
    const frame = parseFrame(text);
    if (frame === null) return this.socket.close(CLOSE_UNSUPPORTED_DATA, "not a frame");
    // A client numbers its frames from 1 across all its sockets. A higher first number means that it had a socket
    // before.
    this.isReconnect ??= frame.ref !== null && Number(frame.ref) > 1;
    if (++this.waitingFrames === MAX_WAITING_FRAMES) this.socket.pause();
    this.queue = this.queue
      .then(() => this.handleFrame(frame))
      .catch(this.options.onError)
      .then(() => {
        if (this.waitingFrames-- === MAX_WAITING_FRAMES) this.socket.resume();
      });
  }

  end(): void {
    this.ended = true;
    for (const topic of [...this.subscriptions.keys()]) this.leave(topic);
  }

  private async handleFrame(frame: Frame): Promise<void> {
    const { topic, event } = frame;
    // A key may have been revoked, and a token may have expired.
    const rejection = await this.authenticateAgain().then(() => null, toApiError);
    if (rejection?.type === "authentication_error") return this.socket.close(CLOSE_POLICY_VIOLATION, rejection.code);
    if (this.ended) return;
    if (topic === "phoenix" && event === "heartbeat") return this.send(serializeReply(frame, null));
    if (event === "phx_join") {
      await this.join(frame);
      // The store is synchronous, so thousands of joins without a pause would delay every request.
      return new Promise((resolve) => setImmediate(resolve));
    }
    if (!this.subscriptions.has(topic)) return this.send(serializeReply(frame, "unmatched topic"));
    if (event !== "phx_leave") return this.send(serializeReply(frame, "unmatched event"));
    this.leave(topic);
    this.send(serializeReply(frame, null));
  }

  /** Joins a channel. A channel that is joined again is replaced. */
  private async join(frame: Frame): Promise<void> {
    const { topic } = frame;
    this.leave(topic);
    const startedAt = performance.now();
    const subscription = await this.subscribe(frame);
    if (subscription instanceof JoinRejection) {
      const { status, reason, message } = subscription;
      const took_ms = performance.now() - startedAt;
      this.options.onResponse?.({
        method: "JOIN",
        path: topic,
        status,
        took_ms,
        workflow_run_id: null,
        error: message,
      });
      return this.send(serializeReply(frame, reason));
    }
    if (this.ended) return this.unsubscribe(subscription);
    this.subscriptions.set(topic, subscription);
    this.send(serializeReply(frame, null));
    // Items that arrived while the client was disconnected would otherwise reach it only with the next change.
    if (!this.isReconnect) return;
    if (subscription instanceof FeedSubscription) await this.feedWatcher.announceToReturningClient(subscription);
    else await subscription.announceAll();
  }

  /** Returns a subscription that is already watched, or the reason why the join is rejected (RQ-2). */
  private async subscribe(frame: Frame): Promise<FeedSubscription | GuideSubscription | JoinRejection> {
    try {
      checkJsonShape(frame.payload, "the join");
      this.checkLimits(frame);
      const channel = parseGuideTopic(frame.topic);
      return await (channel === null ? this.subscribeFeed(frame) : this.subscribeGuides(frame, channel));
    } catch (error) {
      const known = toApiError(error);
      if (known === null || known.status === 500) throw error;
      const { status, message } = known;
      if (status === 401 || status === 403) return new JoinRejection(status, "unauthorized", message);
      return new JoinRejection(status, status === 404 ? "unmatched topic" : message, message);
    }
  }

  /** Throws if a user with a token joins more than pages need. */
  private checkLimits({ payload }: Frame): void {
    if (this.caller.kind !== "public" || this.caller.token === null) return;
    if (this.subscriptions.size >= MAX_TOPICS)
      throw createInvalidFieldError("topic", `is more than the limit of ${MAX_TOPICS} for a socket`);
    if (Object.keys(payload).length > MAX_CLIENTS)
      throw createInvalidFieldError("payload", `has more than ${MAX_CLIENTS} clients`);
  }

  private async subscribeFeed({ topic, joinRef, payload }: Frame): Promise<FeedSubscription> {
    const feed = parseFeedTopic(topic);
    if (feed === null)
      throw createNotFoundError(
        `There is no topic ${JSON.stringify(topic)}: feeds:<channel>:<user> and guides:<channel> are`,
      );
    const access = { owner: "user", capability: "user/feed_read", orTenants: true } as const;
    const send = (content: Frame["payload"]): void =>
      this.send(serializeFrame({ joinRef, ref: null, topic, event: "new-message", payload: content }));
    authorize(this.caller, access, { user: feed.user }, await readAccessSettings(this.options));
    await checkFeedChannel(this.options, feed.channel);
    const granted = findGrantedTenants(this.caller, feed.user);
    const subscription = FeedSubscription.create(topic, { ...feed, granted }, payload, send);
    await this.feedWatcher.add(subscription);
    return subscription;
  }

  /** Subscribes to the guides of a user. */
  private async subscribeGuides({ topic, joinRef, payload }: Frame, channel: string): Promise<GuideSubscription> {
    const query = GuideSubscription.parseQuery(channel, payload);
    const access = { owner: "user", capability: "user/guide_read" } as const;
    authorize(this.caller, access, { user: query.user }, await readAccessSettings(this.options));
    const guides = requireGuides(this.options);
    const subscription = new GuideSubscription(
      topic,
      query,
      (guideQuery) => guides.list(guideQuery),
      (event, content) => this.send(serializeFrame({ joinRef, ref: null, topic, event, payload: content })),
    );
    await this.guideWatcher.add(subscription);
    return subscription;
  }

  private unsubscribe(subscription: FeedSubscription | GuideSubscription): void {
    if (subscription instanceof FeedSubscription) this.feedWatcher.remove(subscription);
    else this.guideWatcher.remove(subscription);
  }

  private leave(topic: string): void {
    const subscription = this.subscriptions.get(topic);
    if (subscription) this.unsubscribe(subscription);
    this.subscriptions.delete(topic);
  }

  private send(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES) this.socket.terminate();
  }
}
