import { guideJoinSchema } from "../../domain/guide/parse-guide-engagement.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { checkJsonShape } from "../../domain/shape/json-limits.js";
import type { GuideOperations, GuideQuery } from "../../ports/resources.js";
import { type Json, type JsonObject, stableStringify } from "../../util/json.js";

/** An event of R-125, as its payload names it. */
export type GuideEvent = "guide.added" | "guide.updated" | "guide.removed" | "guide_group.updated";

/** `guides:<channel>`; the user is in the payload. */
export function parseGuideTopic(topic: string): string | null {
  const channel = topic.slice("guides:".length);
  return topic.startsWith("guides:") && channel !== "" ? channel : null;
}

/** A guide as it was when it was last looked at. */
interface Seen {
  /** Without what the user did with it: of that nothing is told, as of feeds (RQ-6). */
  face: string;
  /** What the user put away counts as shown: the client knows, and may take it back. */
  isFor: boolean;
}

interface Looked {
  guides: Map<string, Seen & { shape: JsonObject; eligible: boolean }>;
  group: JsonObject;
}

function faceOf({ steps, ...guide }: JsonObject): string {
  const faces = (steps as JsonObject[]).map(({ message: _message, ...step }) => step);
  return stableStringify({ ...guide, steps: faces });
}

/** One joined channel of one socket: the guides of a user, as of the last look. */
export class GuideSubscription {
  private known: Map<string, Seen> = new Map();
  private group = "";

  constructor(
    readonly topic: string,
    readonly query: GuideQuery,
    private readonly list: GuideOperations["list"],
    private readonly send: (event: GuideEvent, payload: JsonObject) => void,
  ) {}

  /** A join's payload as a query. Throws for what REST refuses, and without a user. */
  static queryOf(channel: string, payload: JsonObject): GuideQuery {
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
  async begin(): Promise<void> {
    this.remember(await this.look());
  }

  /** Tells of everything: the client was away, and whatever there is may be new to it. */
  async announceAll(): Promise<void> {
    const looked = await this.look();
    for (const { shape, eligible } of looked.guides.values()) this.tell("guide.updated", { guide: shape, eligible });
    this.tell("guide_group.updated", { guide_group: looked.group });
    this.remember(looked);
  }

  /** Tells what has changed since the last look. */
  async follow(): Promise<void> {
    const looked = await this.look();
    for (const [key, guide] of looked.guides) this.compare(this.known.get(key), guide);
    for (const key of this.known.keys()) if (!looked.guides.has(key)) this.tell("guide.removed", { guide: { key } });
    if (stableStringify(looked.group) !== this.group) this.tell("guide_group.updated", { guide_group: looked.group });
    this.remember(looked);
  }

  private compare(
    before: Seen | undefined,
    { shape, eligible, isFor, face }: Seen & { shape: JsonObject; eligible: boolean },
  ) {
    if (before === undefined) {
      if (eligible) this.tell("guide.added", { guide: shape, eligible });
    } else if (before.isFor !== isFor || (isFor && before.face !== face)) {
      this.tell("guide.updated", { guide: shape, eligible });
    }
  }

  private tell(event: GuideEvent, data: JsonObject): void {
    this.send(event, { topic: this.topic, event, data });
  }

  private remember({ guides, group }: Looked): void {
    this.known = new Map([...guides].map(([key, { face, isFor }]) => [key, { face, isFor }]));
    this.group = stableStringify(group);
  }

  private async look(): Promise<Looked> {
    const answer = await this.list({ ...this.query, force_all_guides: true });
    const reasons = new Map(
      (answer.ineligible_guides as JsonObject[]).map(({ key, reason }): [Json | undefined, Json | undefined] => [
        key,
        reason,
      ]),
    );
    const all = this.query.force_all_guides === true;
    const guides = (answer.entries as JsonObject[]).map((shape) => {
      const reason = reasons.get(shape.key);
      const isFor = all || reason === undefined || reason === "marked_as_archived";
      return [String(shape.key), { shape, face: faceOf(shape), isFor, eligible: all || reason === undefined }] as const;
    });
    return { guides: new Map(guides), group: (answer.guide_groups as JsonObject[])[0] ?? {} };
  }
}
