import type { Guide } from "../domain/guide/guide.js";
import type { EngagementAction, Message } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";
import type { CausedWork } from "./due-store.js";

/** An engagement of a user with a step of a guide. */
export interface GuideEngagement {
  guide: Guide;
  /**
   * The message to insert if this is the first engagement. Its recipient, guide and step identify it, and its tenant if the guide
   * has the scope of a tenant.
   */
  message: Message;
  action: EngagementAction;
  /** The data of the action's event. */
  data: JsonObject | null;
}

/** Stores the engagements of users with in-app guides. */
export interface GuideStore {
  /** Returns a user's messages of all guides, oldest first. */
  readGuideMessages(user: RecipientKey): Promise<Message[]>;
  /**
   * Inserts the message if it does not exist, and marks it. The first `seen` sets the content and the data of a message that
   * another engagement inserted.
   */
  recordGuideEngagement(engagement: GuideEngagement, at: number): Promise<{ message: Message; caused: CausedWork }>;
  /**
   * Detaches a user's messages from a guide: they stay stored, but are no longer read as its messages. If the guide has the scope
   * of a tenant, these are the messages in `tenant`. Returns their number.
   */
  resetGuide(user: RecipientKey, guide: Pick<Guide, "key" | "scope">, tenant: string | null): Promise<number>;
}
