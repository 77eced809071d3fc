import type { Channel } from "../../src/domain/environment/environment.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import type { Message } from "../../src/domain/message/message.js";
import { toRecipientKey } from "../../src/domain/recipient/recipient.js";
import type {
  Delivery,
  DeliveryCheck,
  ProviderEvent,
  ProviderWebhook,
  RecordExchange,
  StoredChannelData,
  UserLookupResult,
} from "../../src/ports/provider.js";
import { parseEnvironment } from "../../src/project/environment/parse-environment.js";
import { openProviders, type Providers } from "../../src/providers/open-providers.js";
import type { JsonObject } from "../../src/util/json.js";

export const MESSAGE_ID = "2xAbCdEfGhIjKlMnOpQrStUvWxY";
export const NOW = Date.parse("2026-03-01T12:00:00Z");

export function buildChannel(type: ChannelType, provider: string, settings: JsonObject): Channel {
  const raw = { channels: { out: { type, provider, deliver: true, settings } } };
  return parseEnvironment(raw, "environment.json").channels.out as Channel;
}

export function buildMessage(type: ChannelType, content: JsonObject, overrides: Partial<Message> = {}): Message {
  return {
    id: MESSAGE_ID,
    workflow_run_id: "run",
    recipient_run_id: "recipient-run",
    recipient: toRecipientKey("ada"),
    actor: null,
    workflow: "new-comment",
    version_id: "v",
    categories: [],
    step_ref: "step_1",
    tenant: null,
    channel: { id: "c", key: "out", type, provider: "p" },
    status: "queued",
    content,
    data: {},
    recipient_snapshot: null,
    metadata: null,
    scheduled_at: null,
    due_at: 0,
    attempts: 1,
    seen_at: null,
    read_at: null,
    interacted_at: null,
    link_clicked_at: null,
    archived_at: null,
    events: [],
    inserted_at: 0,
    updated_at: 0,
    ...overrides,
  };
}

export function buildEmailMessage(overrides: JsonObject = {}): Message {
  return buildMessage("email", {
    to: "ada@lark.test",
    from: "Lark, Inc. <hi@lark.test>",
    cc: null,
    bcc: null,
    reply_to: null,
    subject_line: "Hello Ada",
    html_body: "<p>Hi</p>",
    text_body: "Hi",
    ...overrides,
  });
}

/** Providers with a clock and environment variables that the test controls. */
export class ProviderHarness {
  now = NOW;
  private readonly providers: Providers;

  constructor(variables: Record<string, string> = {}) {
    this.providers = openProviders({ variables, now: () => this.now, privateAddresses: async () => ["127.0.0.1"] });
  }

  async send(
    to: Channel,
    sent: Message,
    stored: StoredChannelData = { recipient: {}, tenant: {} },
    record?: RecordExchange,
  ): Promise<Delivery> {
    const provider = this.providers.findProvider(to);
    if (provider === null) throw new Error(`nobody delivers for ${to.provider}`);
    return provider.send(sent, to, stored, record);
  }

  async readEvents(to: Channel, webhook: ProviderWebhook): Promise<ProviderEvent[]> {
    const events = await this.providers.readEvents(to, webhook);
    if (!Array.isArray(events)) throw new Error(`${to.provider} reads no events of this webhook`);
    return events;
  }

  async findUser(to: Channel, email: string, token: string): Promise<UserLookupResult | undefined> {
    return this.providers.findProvider(to)?.findUser?.(email, token, to);
  }

  async check(to: Channel, sent: Message): Promise<DeliveryCheck> {
    const known = await this.providers.findProvider(to)?.check?.(sent, to);
    if (known === undefined) throw new Error(`nobody is asked for ${to.provider}`);
    return known;
  }

  close(): Promise<void> {
    return this.providers.close();
  }
}
