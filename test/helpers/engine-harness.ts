import type { Audience } from "../../src/domain/audience/audience.js";
import { parseAudience } from "../../src/domain/audience/parse-audience.js";
import type { Channel, Environment } from "../../src/domain/environment/environment.js";
import type { Guide } from "../../src/domain/guide/guide.js";
import { parseGuide } from "../../src/domain/guide/parse-guide.js";
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
import type { CancelOutcome, TriggerOutcome } from "../../src/domain/run/outcome.js";
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
import type {
  Delivery,
  DeliveryCheck,
  ProviderEvent,
  StoredChannelData,
  UserLookupResult,
} from "../../src/ports/provider.js";
import type { GuideOperations } from "../../src/ports/resource-operations.js";
import type { Store } from "../../src/ports/store.js";
import type { StoreLogs } from "../../src/ports/store-logs.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { buildBannerStep } from "./build-steps.js";
import { BANNER, CASE_RECIPIENTS, createCaseEnvironment } from "./case-environment.js";
import { T0 } from "./case-times.js";
import { openTestStore } from "./open-test-store.js";

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
  /** Returns the events of a vendor's webhook; null if the channel's vendor has none. */
  readProviderEvents: (channel: Channel) => ProviderEvent[] | null = () => null;
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
      readProviderEvents: async (channel) => harness.readProviderEvents(channel),
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
    if (other === undefined) await harness.identify(...CASE_RECIPIENTS);
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
