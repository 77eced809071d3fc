/** The data types of workflows by key. `knock types` generates such a type; this one accepts every workflow and any data. */
export type AnyWorkflowData = { [workflow: string]: { [property: string]: unknown } };

/** A recipient: a user's ID, or an object. */
export type RecipientName = string | { collection: string; id: string };

/** A recipient of a trigger. Properties besides the ID identify the recipient before the workflow runs. */
export type TriggerRecipient = string | { id: string; collection?: string; [property: string]: unknown };

/** Preferences, as the API stores them. */
export interface PreferenceSettings {
  /** Whether messages of a channel type are sent, such as `{ sms: false }`. */
  channel_types?: { [type: string]: unknown } | null;
  /** Whether messages of a channel are sent, by channel key. */
  channels?: { [channel: string]: unknown } | null;
  /** Whether workflows send, by workflow key. */
  workflows?: { [workflow: string]: unknown } | null;
  /** Whether workflows of a category send, by category. */
  categories?: { [category: string]: unknown } | null;
  [property: string]: unknown;
}

/** Deliveries of a channel that fail. */
export interface DeliveryFailure {
  /** The channel: a key, an ID or a type. */
  channel: string;
  /** The provider's status code. Either this or `error` is required. */
  status?: number;
  /** The error of a delivery without a status. */
  error?: "timeout" | "connection" | "malformed" | "bounced";
  /** How many deliveries fail. Default: 1, or all if `rate` is given. */
  times?: number;
  /** The share of deliveries that fail, above 0 and up to 1. Default: 1. */
  rate?: number;
  /** The seed that decides which deliveries fail. */
  seed?: string | number;
}

/** Recipients, in the format of a file in `recipients/`. */
export interface RecipientsContent {
  users?: { id: string; [property: string]: unknown }[];
  objects?: { collection: string; id: string; [property: string]: unknown }[];
  tenants?: { id: string; [property: string]: unknown }[];
  subscriptions?: { [property: string]: unknown }[];
  audiences?: { [audience: string]: unknown };
}

/** The state of a test engine before the first action. */
export interface TestEngineOptions {
  /** The folder with `knock.json`, or the file. Default: the nearest one, from the working directory upward. */
  project?: string;
  /** The folder with the workflows. Takes precedence over `knockDir` in `knock.json`. */
  knockDir?: string;
  /** The name of a file in `environments/`. */
  environment?: string;
  /** The branch of the project. */
  branch?: string;
  /** The time of the clock. Default: 2026-01-05T09:00:00Z, a Monday. */
  time?: string | Date;
  /** The seed of IDs and random numbers. Default: `knock`. */
  seed?: string;
  /** Recipients besides those of `recipients/`. */
  recipients?: RecipientsContent;
  /** Preferences by recipient: a user ID, or `<collection>/<id>`. */
  preferences?: { [recipient: string]: PreferenceSettings };
  /** Variables that take precedence over `environment.json`. */
  variables?: { [name: string]: unknown };
  /** Responses to fetch steps, before those of `environment.json`. A step sends its request only if `allow` lists the URL here. */
  fetch?: { allow?: string[]; answers?: { [property: string]: unknown }[] };
  /** Replies to AI agent steps, before those of `environment.json`. A model is called only if `url` is set here. */
  agent?: { url?: string; answers?: { [property: string]: unknown }[] };
  /** Deliveries that fail. */
  failures?: DeliveryFailure[];
  /** Receives warnings about project files. Default: warnings are ignored. */
  onWarning?: (text: string) => void;
}

/** A trigger, with the API's field names. `data` is required if the workflow's data type has required properties. */
export type NotifyOptions<Data> = {
  recipients: TriggerRecipient | TriggerRecipient[];
  actor?: TriggerRecipient;
  tenant?: string | { id: string; [property: string]: unknown };
  cancellation_key?: string;
  idempotency_key?: string;
  settings?: { sandbox_mode?: boolean; skip_delay?: boolean };
  // biome-ignore lint/complexity/noBannedTypes: a type without required properties accepts an empty object
} & ({} extends Data ? { data?: Data } : { data: Data });

/** A schedule, with the API's field names. One of `scheduled_at` and `repeats` is required. */
export type ScheduleOptions<Data> = {
  recipients: TriggerRecipient | TriggerRecipient[];
  actor?: TriggerRecipient;
  tenant?: string | { id: string; [property: string]: unknown };
  /** The time of the only run, or of the first one. */
  scheduled_at?: string | Date;
  /** The rules of a recurring schedule, such as `{ frequency: "daily", hours: 9 }`. */
  repeats?: { frequency: string; [property: string]: unknown }[];
  /** The time after which no run starts. */
  ending_at?: string | Date;
  // biome-ignore lint/complexity/noBannedTypes: a type without required properties accepts an empty object
} & ({} extends Data ? { data?: Data } : { data: Data });

/** Why a step did not simply send. `docs/reference/reasons.md` has the codes. */
export interface OutcomeReason {
  code: string;
  /** The cause in a few words, or null. The wording may change. */
  detail: string | null;
}

/** The outcome of one step for one recipient. */
export interface TestStep {
  /** The step's ref in its workflow. */
  ref: string;
  /** The type of the step: `channel`, `delay`, `branch` and others. */
  type: string;
  /** The channel's key. Only for channel steps. */
  channel?: string | null;
  /** The channel type. Only for channel steps. */
  channel_type?: string;
  outcome: "sent" | "queued" | "skipped" | "waiting" | "passed" | "halted" | "failed" | "cancelled";
  /** The reason, if the step did not simply send or pass. */
  reason: OutcomeReason | null;
  /** The ID of the step's message. */
  message_id?: string | null;
  /** When a waiting step continues. */
  until?: string | null;
  /** The branch that the step took. */
  branch?: string | null;
}

/** The run of a workflow for one recipient. */
export interface TestRun {
  /** The key of the workflow. */
  workflow: string;
  recipient: RecipientName;
  /** Null for a recipient that was never identified. */
  recipient_run_id: string | null;
  status: string | null;
  /** The steps that were reached, in order. */
  steps: TestStep[];
  /** Why the whole run was stopped or did not start. */
  reason?: OutcomeReason;
}

/** The result of a trigger. */
export interface NotifyResult {
  workflow_run_id: string;
  /** The run of each recipient after the work that was due at once. */
  recipients: TestRun[];
}

/** Properties that select messages. Omitted ones match every message. */
export interface MessageSelection<Workflow extends string = string> {
  /** The recipient: a user ID, or `<collection>/<id>`. */
  to?: string;
  /** The channel's key or type. */
  channel?: string;
  /** The ref of the step. */
  step?: string;
  /** The key of the workflow. */
  workflow?: Workflow;
  /** The tenant's ID. */
  tenant?: string;
}

/** A message that a workflow created. */
export interface TestMessage {
  id: string;
  /** A user ID, or `<collection>/<id>`. */
  to: string;
  channel: { key: string; type: string };
  /** The ref of the step. */
  step: string;
  workflow: string;
  tenant: string | null;
  /** The delivery status, such as `delivered` or `sandboxed`. */
  status: string;
  /** The engagement statuses, such as `seen`. */
  engagement: readonly string[];
  /** The time at which the message was created, in ISO 8601. */
  at: string;
  /** The subject of an email, or the title of a push message. */
  subject: string | null;
  /** The text of the message, without HTML. */
  text: string;
  /** The HTML of an email or an in-app message. Empty for other channels. */
  html: string;
  /** The API's message content. Its fields depend on the channel type. */
  content: { [field: string]: unknown };
}

/** An expected value: the whole value, or comparisons that must all be true. */
export type ExpectedValue =
  | string
  | number
  | boolean
  | { equals: unknown }
  | { contains?: string; excludes?: string; matches?: string };

/** Messages that are expected. */
export interface ExpectedMessage<Workflow extends string = string> extends MessageSelection<Workflow> {
  /** The number of messages that have all these properties. Default: at least one. */
  count?: number;
  /** The delivery status, such as `delivered` or `sandboxed`. */
  status?: string;
  /** An engagement status, such as `seen`. */
  engagement?: string;
  /** The time at which the message was created. */
  at?: string;
  /** The subject of an email, or the title of a push message. */
  subject?: ExpectedValue;
  /** The text of the message, without HTML. */
  body?: ExpectedValue;
  /** Texts of the elements that CSS selectors find in the HTML. A selector that finds nothing fails. */
  html?: { [selector: string]: ExpectedValue };
  /** CSS selectors that must find nothing in the HTML. */
  no_html?: string[];
  /** Values in the content, by path, such as `blocks[0].rendered`. */
  content?: { [path: string]: ExpectedValue };
}

/** A step that is expected to be skipped. Omitted properties match every step. */
export interface ExpectedSkip<Workflow extends string = string> {
  /** The recipient: a user ID, or `<collection>/<id>`. */
  to?: string;
  /** The ref of the step. */
  step?: string;
  /** The channel's key or type. */
  channel?: string;
  /** The key of the workflow. */
  workflow?: Workflow;
  /** The reason code, such as `preference`. */
  reason?: string;
}

/** A state of a test engine. */
export interface TestEngineSnapshot {
  /** The time of the clock. */
  readonly time: Date;
}

/**
 * An engine for tests: a project's workflows with their own data, clock and IDs, in memory. The clock stands still until
 * it is moved. Nothing is delivered, and results repeat exactly. `Workflows` maps workflow keys to data types.
 */
export interface TestEngine<Workflows extends object = AnyWorkflowData> {
  /** Triggers a workflow and runs the work that is due at once. Rejects invalid triggers. */
  notify<Workflow extends keyof Workflows & string>(
    workflow: Workflow,
    trigger: NotifyOptions<Workflows[Workflow]>,
  ): Promise<NotifyResult>;
  /** Cancels pending runs. Returns how many were canceled. */
  cancel(
    workflow: keyof Workflows & string,
    cancellation: { cancellation_key: string; recipients?: RecipientName[] },
  ): Promise<{ cancelled: number }>;
  /** Creates a schedule of a workflow for each recipient. Moving the clock starts its runs. */
  schedule<Workflow extends keyof Workflows & string>(
    workflow: Workflow,
    schedule: ScheduleOptions<Workflows[Workflow]>,
  ): Promise<void>;
  /** Moves the clock by a duration such as `30m`, or with `next` to the next due time, and runs what becomes due. */
  advance(duration: string): Promise<void>;
  /** Moves the clock to a later time, and runs what becomes due. */
  setTime(time: string | Date): Promise<void>;
  /** Moves the clock until no work is pending. Rejects if that takes more than 1,000 moves. */
  untilIdle(): Promise<void>;
  /** Returns the time of the clock. */
  now(): Promise<Date>;
  /** Replaces the preferences of a recipient. */
  setPreferences(recipient: RecipientName, preferences: PreferenceSettings): Promise<void>;
  /** Creates a user or an object, or changes its properties. */
  identify(recipient: RecipientName, properties?: { [property: string]: unknown }): Promise<void>;
  /** Adds recipients in the format of a file in `recipients/`. */
  addRecipients(recipients: RecipientsContent): Promise<void>;
  /** Sets the engagement status of messages, such as `seen`. Rejects if no message is selected. */
  mark(selection: MessageSelection<keyof Workflows & string>, status: string): Promise<void>;
  /** Makes later deliveries of a channel fail. */
  failDeliveries(failure: DeliveryFailure): Promise<void>;
  /** Sends an event to a source of the project. */
  sendSourceEvent(source: string, body: unknown, headers?: { [name: string]: string }): Promise<void>;
  /** Returns messages, oldest first. */
  messages(selection?: MessageSelection<keyof Workflows & string>): Promise<TestMessage[]>;
  /** Returns the runs of recipients, oldest first. */
  runs(selection?: { to?: string; workflow?: keyof Workflows & string }): Promise<TestRun[]>;
  /** Saves the present state in memory: data, time, failures and the next ID. */
  snapshot(): Promise<TestEngineSnapshot>;
  /** Returns to a state that this engine has saved, in about a millisecond. The same calls then have the same results. */
  restore(snapshot: TestEngineSnapshot): Promise<void>;
  /** Returns to the state after `createTestEngine`: its data, its time and its first ID. */
  reset(): Promise<void>;
  /** Releases the engine. Closing it again has no effect. */
  close(): Promise<void>;
}
