import { getChannelId } from "../../../src/domain/environment/environment.js";
import { CASE_CHANNELS } from "../../helpers/case-environment.js";

/** IDs, tenants' names and an idempotency key of the cases, each of which expects them in a store of its own. */
const NAMES =
  "u1|u2|u3|u5|u7|u8|u9|b1|b2|bo|new|new1|ghost|never-seen|x|p1|p2|p3|p8|p9|projects|docs|acme|other|brand-new|t1|t2|T|vip|k1|k2|c1|c9";
const NAME = new RegExp(`(?<=^|%[0-9A-F]{2}|[^\\w.~-])(?:${NAMES})(?=$|[^\\w@~.-])`, "g");
const CHANNEL_ID = new RegExp(`\\b(?:${CASE_CHANNELS.map(([, , id]) => id).join("|")})\\b`, "g");
const KEYS = new Map(CASE_CHANNELS.map(([key, , id]) => [id, key]));

/**
 * Gives a case that shares its store with others names of its own: they end with a suffix in requests, and not in responses. The IDs
 * of channels are those that a project's files can have.
 */
export class CaseNames {
  private static count = 0;
  private readonly suffix = `_k${++CaseNames.count}_`;

  /** Converts the text of a request, or an ID. */
  add(text: string): string {
    return text
      .replace(CHANNEL_ID, (id) => getChannelId(KEYS.get(id) as string))
      .replace(NAME, (name) => `${name}${this.suffix}`);
  }

  /** Converts the text of a response. */
  remove(text: string): string {
    let converted = text.replaceAll(this.suffix, "");
    for (const [id, key] of KEYS) converted = converted.replaceAll(`"${getChannelId(key)}"`, `"${id}"`);
    return converted;
  }
}
