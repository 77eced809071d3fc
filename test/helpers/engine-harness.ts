import type { Audience } from "../../src/domain/audience/audience.js";
import { parseAudience } from "../../src/domain/audience/parse-audience.js";
import {
  type Channel,
  createDefaultEnvironment,
  type Environment,
  getDefaultProvider,
} from "../../src/domain/environment/environment.js";
import type { Guide } from "../../src/domain/guide/guide.js";
import { parseGuide } from "../../src/domain/guide/parse-guide.js";
import { parseMessageType } from "../../src/domain/guide/parse-message-type.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import type { EngagementAction, Message } from "../../src/domain/message/message.js";
import { checkAudiences } from "../../src/domain/project/check-audiences.js";
import { resolveChannelTypes } from "../../src/domain/project/resolve-channel-types.js";
import {
  type Recipient,
  type RecipientReference,
  type RecipientUpsert,
  toRecipientKey,
} from "../../src/domain/recipient/recipient.js";
import { parseRecipient } from "../../src/domain/request/parse-recipient.js";
import type { CancelOutcome, RecipientOutcome, TriggerOutcome } from "../../src/domain/run/outcome.js";
import type { EmailLayout } from "../../src/domain/template/email-layout.js";
import { parseTranslationFile } from "../../src/domain/template/parse-translation-file.js";
import type { TemplatePartial } from "../../src/domain/template/template-partial.js";
import { type TranslationFile, Translations } from "../../src/domain/template/translation.js";
import { parseCancellation, parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import type { SharedRequest } from "../../src/domain/workflow/shared-request.js";
import type { Workflow } from "../../src/domain/workflow/workflow.js";
import type { EngineContext } from "../../src/engine/context/engine-context.js";
import { createEngine, type EngineSettings } from "../../src/engine/create-engine.js";
import { resolveChannelDataIds } from "../../src/engine/execution/build-fan-out.js";
import { createGuideOperations } from "../../src/engine/guides/guide-operations.js";
import { renderContentsInLocale } from "../../src/engine/preview/render-contents-in-locale.js";
import type { KnockError } from "../../src/errors/knock-error.js";
import type { Definitions } from "../../src/ports/definitions.js";
import type { OutboundRequest, OutboundResponse } from "../../src/ports/http-client.js";
import type { LocalOperations } from "../../src/ports/operations.js";
import type { Delivery, DeliveryCheck, StoredChannelData, UserLookupResult } from "../../src/ports/provider.js";
import type { GuideOperations } from "../../src/ports/resource-operations.js";
import type { Store } from "../../src/ports/store.js";
import type { StoreLogs } from "../../src/ports/store-logs.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { openTestStore } from "./open-test-store.js";

export const T0 = Date.parse("2025-06-04T10:00:00Z");

/** Channels of the case catalog: key, type, ID. They deliver messages and are not sandboxed. */
const CHANNELS: [key: string, type: ChannelType, id: string][] = [
  ["mail", "email", "c-mail"],
  ["promo", "email", "c-promo"],
  ["feed", "in_app_feed", "c-feed"],
  ["text", "sms", "c-text"],
  ["ios", "push", "c-ios"],
  ["droid", "push", "c-droid"],
  ["chatty", "chat", "c-chat"],
  ["hook", "http", "c-hook"],
  ["tours", "in_app_guide", "c-tours"],
];

const USERS: JsonObject[] = [
  {
    id: "ana",
    email: "ana@lark.test",
    phone_number: "+15550000001",
    timezone: "America/New_York",
    plan: "pro",
    tags: ["vip", "beta"],
    age: 30,
    team: { name: "North" },
    joined_at: "2025-05-01T00:00:00Z",
  },
  { id: "bo", email: "bo@lark.test", plan: "free" },
  { id: "cy", phone_number: "+15550000003" },
  { id: "dee", email: "dee@lark.test", timezone: "Asia/Tokyo" },
  { id: "eli", name: "Eli", email: "eli@lark.test" },
  { id: "fay", name: "Fay" },
  { collection: "projects", id: "p1", name: "Kestrel" },
  { collection: "teams", id: "t1", kind: "team" },
  { collection: "orgs", id: "o1", kind: "org" },
];

export function createCaseEnvironment(): Environment {
  const environment = createDefaultEnvironment();
  for (const [key, type, id] of CHANNELS) {
    environment.channels[key] = {
      id,
      key,
      type,
      provider: type === "chat" ? "chat_slack" : getDefaultProvider(type),
      deliver: true,
      settings: {},
      conditions: null,
    };
  }
  environment.fetch.allow = ["https://lark.test/"];
  environment.variables = { base_url: "https://lark.test", flag: true, pause: { unit: "minutes", value: 2 } };
  return environment;
}

const BANNER = parseMessageType(
  "banner",
  {
    name: "Banner",
    preview: "",
    variants: [
      {
        key: "default",
        name: "Default",
        fields: [
          { type: "text", key: "title", label: "Title", settings: { required: true } },
          { type: "markdown", key: "body", label: "Body" },
          { type: "button", key: "button", label: null, text: { settings: { default: "Open" } } },
          { type: "boolean", key: "closable", label: null, settings: { default: true } },
          { type: "number", key: "order", label: null, settings: { min: 1 } },
          { type: "list", key: "items", label: null },
        ],
      },
    ],
  },
  "message-types/banner/message_type.json",
);

/** Returns a guide's step with the message type `banner`. */
export function buildBannerStep(values: JsonObject = { title: "Hi" }, ref = "step_1"): JsonObject {
  return { ref, schema_key: "banner", schema_semver: "0.1.0", schema_variant_key: "default", values };
}

export interface HarnessOptions {
  onStep?: EngineContext["onStep"];
  warn?: EngineContext["warn"];
  checkDueWork?: EngineContext["checkDueWork"];
  /** The SQLite file, in memory by default. On PostgreSQL, each location is a database. */
  location?: string;
  /** Another harness on the same file, whose time, workflows and environment are shared. */
  sharedWith?: EngineHarness;
  /** Whether dynamic audiences follow users' properties. */
  watchUsers?: boolean;
  /** The URL of a PostgreSQL database to use in real time, whatever store the suite runs on. */
  database?: string;
  /** Returns store methods that the engine uses in place of the store's own, so that a test can interfere at a chosen point. */
  overrideStore?: (store: Store) => Partial<Store>;
}

const REAL_TIME = {
  get now(): number {
    return Date.now();
  },
  set now(_time: number) {
    throw new Error("real time cannot be set");
  },
};

/** The engine with an in-memory store, and with time and providers that the test controls. */
export class EngineHarness {
  readonly environment: Environment;
  readonly workflows: Map<string, Workflow>;
  readonly audiences: Audience[];
  readonly layouts = new Map<string, EmailLayout>();
  readonly partials = new Map<string, TemplatePartial>();
  /** Shared requests of fetch steps, by key. */
  readonly sharedRequests = new Map<string, SharedRequest>();
  readonly translations: TranslationFile[] = [];
  readonly guides: Map<string, Guide> = new Map();
  readonly guideErrors: Map<string, KnockError> = new Map();
  /** Messages that a provider received, in order. */
  readonly deliveredMessages: Message[] = [];
  deliver: (message: Message, channel: Channel, stored: StoredChannelData) => Delivery | Promise<Delivery> = (
    message,
  ) => ({
    status: message.channel.type === "http" ? "delivered" : "sent",
  });
  /** The branches' own workflows, by slug. */
  readonly branches = new Map<string, Map<string, Workflow>>();
  /** Returns a provider's later status of a message that it sent as `tracked`. */
  checkDelivery: (message: Message) => DeliveryCheck = () => ({ status: "pending" });
  /** Returns the chat user whom the provider finds by an email address. */
  findUser: (email: string, token: string) => UserLookupResult = () => null;
  private readonly time: { now: number };
  /** Requests of steps, in order. */
  readonly requests: OutboundRequest[] = [];
  respond: (request: OutboundRequest, attempt: number) => OutboundResponse = () => ({ status: 200, text: "{}" });
  private messageCount = 0;

  private constructor(
    readonly store: Store,
    readonly logs: StoreLogs,
    readonly engine: LocalOperations,
    readonly definitions: Definitions,
    other: EngineHarness | undefined,
    time: { now: number },
  ) {
    this.time = other?.time ?? time;
    this.environment = other?.environment ?? createCaseEnvironment();
    this.workflows = other?.workflows ?? new Map();
    this.audiences = other?.audiences ?? [];
  }

  /** Real time. If a test sets the store's clock, it is relative to this time. */
  get now(): number {
    return this.time.now;
  }
  set now(time: number) {
    this.time.now = time;
  }

  static async open({
    location = ":memory:",
    database,
    sharedWith: other,
    overrideStore: override,
    watchUsers = false,
    onStep,
    warn,
    checkDueWork,
  }: HarnessOptions = {}): Promise<EngineHarness> {
    let harness: EngineHarness;
    const time = database === undefined ? { now: T0 } : REAL_TIME;
    const store = await (database === undefined
      ? openTestStore(location, { now: () => harness.now, watchUsers })
      : openPostgresStore(database));
    const definitions: Definitions = {
      workflow: async (key) => harness.workflows.get(key) ?? null,
      workflowKeys: async () => [...harness.workflows.keys()],
      environment: async () => harness.environment,
      audiences: async () => harness.audiences,
      emailLayout: async (key) => harness.layouts.get(key) ?? null,
      partial: async (key) => harness.partials.get(key) ?? null,
      request: async (key) => harness.sharedRequests.get(key) ?? null,
      translations: async () => new Translations(harness.translations),
      branch: (slug) => {
        const branchWorkflows = harness.branches.get(slug);
        return branchWorkflows === undefined
          ? null
          : { ...definitions, workflow: async (key) => branchWorkflows.get(key) ?? harness.workflows.get(key) ?? null };
      },
    };
    const context: EngineSettings = {
      store: override ? Object.assign(Object.create(store) as Store, override(store)) : store,
      definitions,
      findProvider: () => ({
        send: async (message, channel, stored) => {
          harness.deliveredMessages.push(structuredClone(message));
          return harness.deliver(message, channel, stored);
        },
        check: async (message) => harness.checkDelivery(message),
        findUser: async (email, token) => harness.findUser(email, token),
      }),
      httpClient: { fetch: async (request) => harness.fetch(request) },
      ids: { uuid: () => crypto.randomUUID(), ksuidPayload: () => harness.nextBytes() },
      createGuideOperations: (own) =>
        createGuideOperations(own, async () => ({ guides: [...harness.guides.values()], errors: harness.guideErrors })),
      renderContentsInLocale,
      onStep,
      warn,
      checkDueWork,
      realNow: () => harness.now,
      sleep: async (milliseconds) => {
        harness.now += milliseconds;
      },
      random: () => 0.5, // no jitter
    };
    harness = new EngineHarness(store, await store.openLogs(), createEngine(context), definitions, other, time);
    if (other === undefined) await harness.identify(...USERS);
    if (watchUsers) await harness.engine.runDue({}); // Users who exist before the first audience do not join it.
    return harness;
  }

  /** Returns random bytes for message IDs. The IDs sort in order of creation, and differ between two harnesses on one file. */
  private nextBytes(): Uint8Array {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    new DataView(bytes.buffer).setUint32(0, ++this.messageCount);
    return bytes;
  }

  private fetch(request: OutboundRequest): OutboundResponse {
    this.requests.push(request);
    return this.respond(request, this.requests.length);
  }

  async identify(...recipients: JsonObject[]): Promise<void> {
    const upserts = recipients.map((recipient): RecipientUpsert => {
      const parsed = parseRecipient(recipient, (path, message) => {
        throw new Error(`${path.join(".")} ${message}`);
      });
      return resolveChannelDataIds(
        parsed?.upsert ?? { key: parsed?.key as RecipientUpsert["key"], properties: {} },
        this.environment,
      );
    });
    await this.store.upsertRecipients(upserts, this.now);
  }

  define(key: string, definition: JsonObject, branch?: string): Workflow {
    const parsed = resolveChannelTypes(parseWorkflow(key, { name: key, ...definition }), this.environment);
    const workflow = checkAudiences(parsed, this.audiences);
    const own = branch === undefined ? this.workflows : (this.branches.get(branch) ?? new Map<string, Workflow>());
    if (branch !== undefined) this.branches.set(branch, own);
    own.set(key, workflow);
    return workflow;
  }

  /** Defines a guide of banners (`title`, `body`, `button`) on the channel `tours`; replaces a guide with the same key. */
  defineGuide(key: string, definition: JsonObject = {}, managed = false): Guide {
    const raw = { name: key, channel_key: "tours", steps: [buildBannerStep()], ...definition };
    const guide = parseGuide(key, raw, {
      fileName: `guides/${key}/guide.json`,
      messageTypes: new Map([["banner", BANNER]]),
      findDeclaredType: (name) => this.environment.channels[name]?.type,
      isManaged: managed,
    });
    this.guides.set(key, guide);
    return guide;
  }

  get guideOperations(): GuideOperations {
    return this.engine.resources.guides as GuideOperations;
  }

  /** Defines a dynamic audience with one segment. */
  defineAudience(key: string, ...conditions: JsonObject[]): void {
    const raw = { name: key, type: "dynamic", segments: [{ conditions }] };
    this.audiences.push(parseAudience(key, raw, `audiences/${key}/audience.json`));
  }

  /** Adds a translation file named as in a project: `fr`, `sms.en`, `acme~en`. */
  addTranslation(name: string, content: JsonObject): void {
    this.translations.push(parseTranslationFile(`${name}.json`, name.slice(name.search(/[^.~]+$/)), content, name));
  }

  trigger(workflow: string, payload: JsonObject, idempotencyKey: string | null = null): Promise<TriggerOutcome> {
    const { trigger } = parseTrigger(payload, workflow);
    return this.engine.triggerWorkflow(trigger, { idempotency_key: idempotencyKey });
  }

  /** Moves time to T0 + offset, and runs due work on the way. */
  at(offset: number): Promise<void> {
    return this.moveTo(T0 + offset);
  }

  /** Moves time forward, and runs due work on the way. */
  async moveTo(target: number): Promise<void> {
    for (
      let due = await this.store.readNextDueAt();
      due !== null && due <= target;
      due = await this.store.readNextDueAt()
    ) {
      this.now = Math.max(this.now, due);
      await this.engine.runDue({});
    }
    this.now = Math.max(this.now, target);
  }

  async listMessages(recipient?: RecipientReference): Promise<Message[]> {
    const page = await this.store.listMessages(
      recipient === undefined ? {} : { recipient: toRecipientKey(recipient) },
      {
        limit: 1000,
      },
    );
    return page.items.reverse();
  }

  async markMessage(message: Message, action: EngagementAction): Promise<void> {
    await this.engine.markMessages([message.id], action);
  }

  async readOutcome(started: TriggerOutcome): Promise<TriggerOutcome> {
    const outcome = await this.engine.readWorkflowRun(started.workflow_run_id);
    if (outcome === null) throw new Error("the run is gone");
    return outcome;
  }

  async recipient(reference: RecipientReference): Promise<Recipient | undefined> {
    const key = toRecipientKey(reference);
    return (await this.store.readRecipients([key])).get(key);
  }

  async cancel(workflow: string, cancellation_key: string, recipients?: Json[]): Promise<CancelOutcome> {
    return this.engine.cancelWorkflow(
      parseCancellation({ cancellation_key, ...(recipients ? { recipients } : {}) }, workflow),
    );
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}

/** Returns a recipient's entry of an outcome. Throws if the recipient is missing. */
export function getRecipientOutcome(outcome: TriggerOutcome, recipient: RecipientReference): RecipientOutcome {
  const found = outcome.recipients?.find((one) => toRecipientKey(one.recipient) === toRecipientKey(recipient));
  if (!found) throw new Error(`${JSON.stringify(recipient)} is not in the outcome`);
  return found;
}

/** Formats a run's steps as `email_1 sent`, `sms_1 skipped preference`. */
export function formatSteps(outcome: RecipientOutcome): string[] {
  return outcome.steps.map((step) => `${step.ref} ${step.outcome}${step.reason ? ` ${step.reason.code}` : ""}`);
}

type Extra = Record<string, Json | undefined>;

function buildChannelStep(
  ref: string,
  type: ChannelType,
  key: string,
  template: JsonObject,
  extra: Extra = {},
): JsonObject {
  return { ref, type: "channel", channel_type: type, channel_key: key, template, ...(extra as JsonObject) };
}

/** Builds steps from the short forms that the catalog uses. */
export const step = {
  email: (subject = "S", body = "B", extra: Extra = {}, key = "mail", ref = "email_1") =>
    buildChannelStep(ref, "email", key, { subject, html_body: body, settings: {} }, extra),
  feed: (body = "F", extra: Extra = {}, ref = "in_app_feed_1") =>
    buildChannelStep(ref, "in_app_feed", "feed", { markdown_body: body }, extra),
  sms: (body = "M", extra: Extra = {}, ref = "sms_1") =>
    buildChannelStep(ref, "sms", "text", { text_body: body }, extra),
  push: (body = "P", extra: Extra = {}, key = "ios", ref = "push_1") =>
    buildChannelStep(ref, "push", key, { title: "T", text_body: body, settings: { delivery_type: "content" } }, extra),
  chat: (body = "C", extra: Extra = {}, ref = "chat_1") =>
    buildChannelStep(ref, "chat", "chatty", { markdown_body: body }, extra),
  webhook: (url = "https://hook.test/", extra: Extra = {}, ref = "hook_1") =>
    buildChannelStep(ref, "http", "hook", { method: "post", url, body: "{}" }, extra),
  delay: (unit: string, value: number, extra: Extra = {}, ref = "delay_1"): JsonObject => ({
    ref,
    type: "delay",
    settings: { delay_for: { unit, value } },
    ...(extra as JsonObject),
  }),
  delayUntil: (path: string, offset: JsonObject | null = null, ref = "delay_1"): JsonObject => ({
    ref,
    type: "delay",
    settings: { delay_until_field_path: path, delay_for: offset },
  }),
};

export function buildCondition(variable: string, operator: string, argument?: Json): JsonObject {
  return { all: [{ variable, operator, ...(argument === undefined ? {} : { argument }) }] };
}

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
