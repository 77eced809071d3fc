import { checkJsonShape } from "../../../../domain/findings/check-json-shape.js";
import { guideJoinSchema } from "../../../../domain/guide/parse-guide-engagement.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import type { GuideOperations, GuideQuery } from "../../../../ports/resource-operations.js";
import { type Json, type JsonObject, stableStringify } from "../../../../util/json.js";

/** An event of R-125, as its payload names it. */
type GuideEvent = "guide.added" | "guide.updated" | "guide.removed" | "guide_group.updated";

/** Parses `guides:<channel>`. The user is in the payload. */
export function parseGuideTopic(topic: string): string | null {
  const channel = topic.slice("guides:".length);
  return topic.startsWith("guides:") && channel !== "" ? channel : null;
}

/** A guide at the last check. */
interface SeenGuide {
  /** The guide without the user's engagement, whose changes are not announced, as for feeds (RQ-6). */
  fingerprint: string;
  /** Whether the client displays the guide or may display it again. This includes guides that the user has archived. */
  isDisplayable: boolean;
}

interface GuideSnapshot {
  guides: Map<string, SeenGuide & { document: JsonObject; eligible: boolean }>;
  group: JsonObject;
}

function buildFingerprint({ steps, ...guide }: JsonObject): string {
  const comparableSteps = (steps as JsonObject[]).map(({ message: _message, ...step }) => step);
  return stableStringify({ ...guide, steps: comparableSteps });
}

/** One joined channel of a socket, with the guides of its user at the last check. */
export class GuideSubscription {
  private seenGuides: Map<string, SeenGuide> = new Map();
  private seenGroup = "";

  constructor(
    readonly topic: string,
    readonly query: GuideQuery,
    private readonly list: GuideOperations["list"],
    private readonly send: (event: GuideEvent, payload: JsonObject) => void,
  ) {}

  /** Parses a join's payload. Throws for payloads that the HTTP API rejects, and for a missing user. */
  static parseQuery(channel: string, payload: JsonObject): GuideQuery {
    const { user_id, tenant, data, force_all_guides } = checkRequest(guideJoinSchema(), payload);
    checkJsonShape(payload, "the payload");
    return {
      user: user_id,
      channel,
      tenant: tenant ?? null,
      data: data ?? {},
      force_all_guides: force_all_guides === true,
    };
  }

  /** Remembers the current guides. Throws the errors of reading them. */
  async start(): Promise<void> {
    this.remember(await this.readSnapshot());
  }

  /** Sends all guides to a client that reconnects, because any of them may be new to it. */
  async announceAll(): Promise<void> {
    const snapshot = await this.readSnapshot();
    for (const { document, eligible } of snapshot.guides.values())
      this.sendEvent("guide.updated", { guide: document, eligible });
    this.sendEvent("guide_group.updated", { guide_group: snapshot.group });
    this.remember(snapshot);
  }

  /** Sends the changes since the last check. */
  async announceChanges(): Promise<void> {
    const snapshot = await this.readSnapshot();
    for (const [key, guide] of snapshot.guides) this.announceChange(this.seenGuides.get(key), guide);
    for (const key of this.seenGuides.keys())
      if (!snapshot.guides.has(key)) this.sendEvent("guide.removed", { guide: { key } });
    if (stableStringify(snapshot.group) !== this.seenGroup)
      this.sendEvent("guide_group.updated", { guide_group: snapshot.group });
    this.remember(snapshot);
  }

  private announceChange(
    before: SeenGuide | undefined,
    { document, eligible, isDisplayable, fingerprint }: SeenGuide & { document: JsonObject; eligible: boolean },
  ) {
    if (before === undefined) {
      if (eligible) this.sendEvent("guide.added", { guide: document, eligible });
    } else if (before.isDisplayable !== isDisplayable || (isDisplayable && before.fingerprint !== fingerprint)) {
      this.sendEvent("guide.updated", { guide: document, eligible });
    }
  }

  private sendEvent(event: GuideEvent, data: JsonObject): void {
    this.send(event, { topic: this.topic, event, data });
  }

  private remember({ guides, group }: GuideSnapshot): void {
    this.seenGuides = new Map(
      [...guides].map(([key, { fingerprint, isDisplayable }]) => [key, { fingerprint, isDisplayable }]),
    );
    this.seenGroup = stableStringify(group);
  }

  private async readSnapshot(): Promise<GuideSnapshot> {
    const response = await this.list({ ...this.query, force_all_guides: true });
    const reasons = new Map(
      (response.ineligible_guides as JsonObject[]).map(({ key, reason }): [Json | undefined, Json | undefined] => [
        key,
        reason,
      ]),
    );
    const includesAll = this.query.force_all_guides === true;
    const guides = (response.entries as JsonObject[]).map((document) => {
      const reason = reasons.get(document.key);
      const isDisplayable = includesAll || reason === undefined || reason === "marked_as_archived";
      return [
        String(document.key),
        {
          document,
          fingerprint: buildFingerprint(document),
          isDisplayable,
          eligible: includesAll || reason === undefined,
        },
      ] as const;
    });
    return { guides: new Map(guides), group: (response.guide_groups as JsonObject[])[0] ?? {} };
  }
}
