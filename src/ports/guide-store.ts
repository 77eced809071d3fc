import type { Guide } from "../domain/guide/guide.js";
import type { EngagementAction, Message } from "../domain/message/message.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";

/** What a user did with a step of a guide. */
export interface GuideEngagement {
  guide: Guide;
  /** As it is made where this is the first engagement; its recipient, tenant, guide and step say which one it is. */
  message: Message;
  action: EngagementAction;
  /** The data of the action's event. */
  data: JsonObject | null;
}

/** Keeps what users did with in-app guides. */
export interface GuideStore {
  /** A user's messages of any guide, in a tenant or in none. */
  readGuideMessages(user: RecipientKey, tenant: string | null): Promise<Message[]>;
  /** Makes the message if it is not there, and marks it. */
  recordGuideEngagement(engagement: GuideEngagement, at: number): Promise<Message>;
  /** A user's messages of a guide stay, and are no more read as its own; answers with how many there were. */
  resetGuide(user: RecipientKey, guide: string, tenant: string | null): Promise<number>;
}
