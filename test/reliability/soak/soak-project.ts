import type { JsonObject } from "../../../src/util/json.js";
import type { Sample } from "../../helpers/run-knock.js";

export const FEED = "feed";
export const PEOPLE = Array.from({ length: 60 }, (_, index) => `person-${index}`);

const text = (ref: string, markdown: string) => ({
  ref,
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: FEED,
  template: { markdown_body: markdown },
});
const email = {
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "mail",
  template: { subject: "{{ page }}", html_body: "<p>{{ recipient.name }}</p>", settings: {} },
};
const delay = (unit: string, value: number) => ({
  ref: "delay_1",
  type: "delay",
  settings: { delay_for: { unit, value } },
});
const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "seconds", value: 2 } } };
const throttle = {
  ref: "throttle_1",
  type: "throttle",
  settings: { throttle_limit: 1, throttle_window: { unit: "hours", value: 5 }, throttle_key: "data.page" },
};

/** The workflows of the load. Each trigger has a `page` of its own, by which its messages are found. */
const WORKFLOWS: Record<string, JsonObject[]> = {
  note: [text("feed_1", "{{ page }}")],
  letter: [email],
  later: [delay("seconds", 1), text("feed_1", "{{ page }}")],
  digest: [batch, text("feed_1", "{{ total_activities }} activities")],
  once: [throttle, text("feed_1", "{{ page }}")],
  never: [delay("hours", 1), text("feed_1", "{{ page }}")],
};

/** Writes a project whose emails are delivered to an SMTP server and whose events go to a webhook. */
export function writeSoakProject(sample: Sample, smtpPort: number, webhook: string): void {
  sample.write("knock.json", { knockDir: "./knock" });
  for (const [key, steps] of Object.entries(WORKFLOWS))
    sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
  const settings = { from_address: "hi@soak.test", host: "127.0.0.1", port: smtpPort, tls: "none" };
  sample.write("knock/environment.json", {
    channels: {
      mail: { type: "email", provider: "smtp", deliver: true, settings },
      [FEED]: { type: "in_app_feed", provider: "knock" },
    },
    webhooks: [{ url: webhook, events: ["message.sent", "message.delivered"] }],
  });
  sample.write("knock/recipients/people.json", {
    users: PEOPLE.map((id) => ({ id, name: id, email: `${id}@soak.test` })),
  });
}
