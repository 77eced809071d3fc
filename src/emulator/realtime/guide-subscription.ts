import { guideJoinSchema } from "../../domain/guide/parse-guide-engagement.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { checkJsonShape } from "../../domain/shape/check-json-shape.js";
import type { GuideOperations, GuideQuery } from "../../ports/resource-operations.js";
import { type Json, type JsonObject, stableStringify } from "../../util/json.js";

/** An event of R-125, as its payload names it. */
type GuideEvent = "guide.added" | "guide.updated" | "guide.removed" | "guide_group.updated";

/** `guides:<channel>`; the user is in the payload. */
export function parseGuideTopic(topic: string): string | null {
  const channel = topic.slice("guides:".length);
  return topic.startsWith("guides:") && channel !== "" ? channel : null;
}

/** A guide as it was when it was last looked at. */
interface SeenGuide {
  /** Without what the user did with it: of that nothing is told, as of feeds (RQ-6). */
  face: string;
  /** What the user put away counts as shown: the client knows, and may take it back. */
  isFor: boolean;
}

interface GuideSnapshot {
  guides: Map<string, SeenGuide & { shape: JsonObject; eligible: boolean }>;
  group: JsonObject;
}

function buildFingerprint({ steps, ...guide }: JsonObject): string {
  const comparableSteps = (steps as JsonObject[]).map(({ message: _message, ...step }) => step);
  return stableStringify({ ...guide, steps: comparableSteps });
}

/** One joined channel of one socket: the guides of a user, as of the last look. */
export class GuideSubscription {
  private seenGuides: Map<string, SeenGuide> = new Map();
  private seenGroup = "";

  constructor(
    readonly topic: string,
    readonly query: GuideQuery,
    private readonly list: GuideOperations["list"],
    private readonly send: (event: GuideEvent, payload: JsonObject) => void,
  ) {}

  /** A join's payload as a query. Throws for what REST refuses, and without a user. */
  static parseQuery(channel: string, payload: JsonObject): GuideQuery {
    const { user_id, tenant, data, force_all_guides } = checkRequest(guideJoinSchema(), payload);
    checkJsonShape(payload, "the payload");
    return {
      user: user_id,
      channel,
      tenant: tenant ?? null,
      data: (data ?? {}) as JsonObject,
      force_all_guides: force_all_guides === true,
    };
  }

  /** Remembers how things stand. Throws what reading the guides throws. */
  async start(): Promise<void> {
    this.remember(await this.readSnapshot());
  }

  /** Tells of everything: the client was away, and whatever there is may be new to it. */
  async announceAll(): Promise<void> {
    const snapshot = await this.readSnapshot();
    for (const { shape, eligible } of snapshot.guides.values())
      this.sendEvent("guide.updated", { guide: shape, eligible });
    this.sendEvent("guide_group.updated", { guide_group: snapshot.group });
    this.remember(snapshot);
  }

  /** Tells what has changed since the last look. */
  async announceChanges(): Promise<void> {
    const looked = await this.readSnapshot();
    for (const [key, guide] of looked.guides) this.announceChange(this.seenGuides.get(key), guide);
    for (const key of this.seenGuides.keys())
      if (!looked.guides.has(key)) this.sendEvent("guide.removed", { guide: { key } });
    if (stableStringify(looked.group) !== this.seenGroup)
      this.sendEvent("guide_group.updated", { guide_group: looked.group });
    this.remember(looked);
  }

  private announceChange(
    before: SeenGuide | undefined,
    { shape, eligible, isFor, face }: SeenGuide & { shape: JsonObject; eligible: boolean },
  ) {
    if (before === undefined) {
      if (eligible) this.sendEvent("guide.added", { guide: shape, eligible });
    } else if (before.isFor !== isFor || (isFor && before.face !== face)) {
      this.sendEvent("guide.updated", { guide: shape, eligible });
    }
  }

  private sendEvent(event: GuideEvent, data: JsonObject): void {
    this.send(event, { topic: this.topic, event, data });
  }

  private remember({ guides, group }: GuideSnapshot): void {
    this.seenGuides = new Map([...guides].map(([key, { face, isFor }]) => [key, { face, isFor }]));
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
    const guides = (response.entries as JsonObject[]).map((shape) => {
      const reason = reasons.get(shape.key);
      const isFor = includesAll || reason === undefined || reason === "marked_as_archived";
      return [
        String(shape.key),
        { shape, face: buildFingerprint(shape), isFor, eligible: includesAll || reason === undefined },
      ] as const;
    });
    return { guides: new Map(guides), group: (response.guide_groups as JsonObject[])[0] ?? {} };
  }
}
