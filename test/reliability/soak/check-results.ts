import type { Store } from "../../../src/ports/store.js";
import type { JsonObject } from "../../../src/util/json.js";
import type { MixedLoad } from "./mixed-load.js";

/** Returns the messages of all accepted triggers as sorted lines such as `note person-1 <page>`. */
export function listExpectedMessages({ accepted }: MixedLoad): string[] {
  return accepted
    .filter(({ workflow }) => workflow !== "digest" && workflow !== "never")
    .flatMap(({ workflow, recipients, page }) => recipients.map((recipient) => `${workflow} ${recipient} ${page}`))
    .sort();
}

export const countExpectedActivities = ({ accepted }: MixedLoad): number =>
  accepted.filter(({ workflow }) => workflow === "digest").reduce((sum, { recipients }) => sum + recipients.length, 0);

const PAGE = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** Returns the messages of a store in the form of {@link listExpectedMessages}, and the activities that its digests contain. */
export async function readMessages(store: Store): Promise<{ messages: string[]; activities: number; ids: string[] }> {
  const messages: string[] = [];
  const ids: string[] = [];
  let activities = 0;
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.listMessages({}, { limit: 50, ...(after === undefined ? {} : { after }) });
    for (const { id, workflow, recipient, content } of page.items) {
      ids.push(id);
      const text = JSON.stringify(content);
      if (workflow === "digest") activities += Number(/(\d+) activities/.exec(text)?.[1]);
      else messages.push(`${workflow} ${recipient.replace("$users/", "")} ${PAGE.exec(text)?.[0]}`);
    }
    after = page.page_info.after;
  }
  return { messages: messages.sort(), activities, ids };
}

/** The events that a webhook has received. Each request is read once, because reading all of them again would block the receiver. */
export class WebhookEvents {
  /** The messages of the events. */
  private readonly messages = new Set<string>();
  private readonly events = new Set<string>();
  private count = 0;

  constructor(private readonly requests: readonly { json: JsonObject }[]) {}

  /** Reads the requests that have arrived since the last call. Returns whether each of these messages has an event. */
  includeAll(ids: readonly string[]): boolean {
    for (; this.count < this.requests.length; this.count++) {
      const json = this.requests[this.count]?.json;
      const id = String((json?.data as JsonObject | undefined)?.id);
      this.messages.add(id);
      this.events.add(`${json?.type} ${id}`);
    }
    return ids.every((id) => this.messages.has(id));
  }

  /** The events that arrived again. */
  get repeated(): number {
    return this.count - this.events.size;
  }
}
