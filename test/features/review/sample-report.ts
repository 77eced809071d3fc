import type {
  MessageDifference,
  ReviewReport,
  WorkflowReview,
} from "../../../src/features/review/review-report-schema.js";
import type { JsonObject } from "../../../src/util/json.js";

type Example = MessageDifference["examples"][number];
type Message = NonNullable<Example["before"]>;
type Change = WorkflowReview["changes"][number];

const AT = "2026-03-02T09:00:00.000Z";

function buildMessage(step: string, type: string, title: string, content: JsonObject): Message {
  return { step, channel: { key: `${type}-main`, type }, tenant: null, at: AT, title, content };
}

const buildSms = (body: string): Message =>
  buildMessage("sms_1", "sms", body, { __typename: "MessageSmsContent", to: "+15005550006", body });

function buildEmailHtml(heading: string, button: string, footer: string): string {
  return `<!doctype html><html><head><style>
body { margin: 0; background: #f4f1ec; font-family: Georgia, serif; color: #2b2622; }
.card { max-width: 560px; margin: 24px auto; background: #fff; border-radius: 8px; padding: 32px; }
a.button { display: inline-block; background: #7a4b2a; color: #fff; padding: 12px 20px; border-radius: 6px; }
</style></head><body><div class="card"><h1>${heading}</h1>
<p>Order 4711: two mugs and a teapot. The parcel arrives on Thursday between 9 and 12.</p>
<p><a class="button" href="https://shop.example.com/orders/4711">${button}</a></p>
<img src="https://shop.example.com/teapot.png" alt="A teapot" width="120" height="80">
<p style="font-size: 13px">${footer}</p></div></body></html>`;
}

function buildEmail(subject: string, heading: string, button: string, footer: string): Message {
  return buildMessage("email_1", "email", subject, {
    __typename: "MessageEmailContent",
    from: "Teapot & Co. <shop@example.com>",
    to: "jonas@example.com",
    subject_line: subject,
    html_body: buildEmailHtml(heading, button, footer),
    text_body: `${heading}\n\nOrder 4711: two mugs and a teapot.\nThe parcel arrives on Thursday.\n\n${footer}`,
  });
}

const OLD_FOOTER = "Teapot & Co., 12 Harbor Street";
const NEW_FOOTER = "Teapot & Co., 1 Market Square";
const OLD_EMAIL = buildEmail("Your order is on its way", "Your order is on its way", "Track it", OLD_FOOTER);
const NEW_EMAIL = buildEmail(
  "Your parcel arrives on Thursday",
  "It arrives on Thursday",
  "Track your parcel",
  NEW_FOOTER,
);

function buildFields(before: Message, after: Message, names: readonly string[]): Example["fields"] {
  return names.map((field) => ({
    field,
    before: typeof before.content[field] === "string" ? before.content[field] : null,
    after: typeof after.content[field] === "string" ? after.content[field] : null,
  }));
}

const PEOPLE = ["jonas", "aki", "maria", "li", "sam", "noor", "eve"];
const WORKFLOW_FILE = "knock/workflows/order-shipped/workflow.json";
const EMAIL_FIELDS = ["subject_line", "html_body", "text_body"];

const location = (file: string, line: number, side: "before" | "after" = "after") => ({ side, file, line });

const CHANGES: Change[] = [
  {
    kind: "changed",
    step: "sms_1",
    path: "conditions",
    before: null,
    after: null,
    text: 'sms_1: conditions: recipient.plan equal_to "free" → recipient.plan equal_to "pro"',
    location: location(WORKFLOW_FILE, 31),
  },
  {
    kind: "changed",
    step: "delay_1",
    path: "settings.delay_for",
    before: null,
    after: null,
    text: "delay_1: delay for: 1 hour → 10 minutes",
    location: location(WORKFLOW_FILE, 12),
  },
  {
    kind: "removed",
    step: "push_1",
    path: "",
    before: { type: "channel", channel_type: "push" },
    after: null,
    text: "step push_1 (push) removed",
    location: location(WORKFLOW_FILE, 40, "before"),
  },
  {
    kind: "moved",
    step: "email_1",
    path: "",
    before: null,
    after: null,
    text: "step email_1 (email) moved",
    location: null,
  },
  {
    kind: "changed",
    step: "email_1",
    path: "template.subject",
    before: "Your order is on its way",
    after: null,
    text: 'email_1: subject: "Your order is on its way" → "Your parcel arrives on Thursday"',
    location: location("knock/workflows/order-shipped/email_1/visual_blocks.md", 1),
  },
];

const SHIPPED: WorkflowReview = {
  workflow: "order-shipped",
  name: "Order shipped",
  state: "changed",
  previous_key: null,
  changes: CHANGES,
  differences: [
    {
      kind: "lost",
      step: "sms_1",
      channel_type: "sms",
      messages: 4,
      recipients: ["jonas", "aki", "maria"],
      reason: { code: "condition", detail: "recipient.plan is free, not pro" },
      cause: {
        text: 'sms_1: conditions: recipient.plan equal_to "free" → recipient.plan equal_to "pro"',
        location: location(WORKFLOW_FILE, 31),
      },
      examples: ["jonas", "aki", "maria", "jonas"].map((recipient, index) => ({
        trigger: `payloads/orders.jsonl:${index + 3}`,
        recipient,
        before: buildSms("Teapot & Co.: order 4711 is on its way. Track it: https://shop.example.com/o/4711"),
        after: null,
        fields: [],
      })),
    },
    {
      kind: "lost",
      step: "push_1",
      channel_type: "push",
      messages: 1,
      recipients: ["li"],
      reason: null,
      cause: { text: "step push_1 (push) removed", location: location(WORKFLOW_FILE, 40, "before") },
      examples: [
        {
          trigger: "tests/orders.test.yaml: ships an order",
          recipient: "li",
          after: null,
          fields: [],
          before: buildMessage("push_1", "push", "On its way", {
            __typename: "MessagePushContent",
            title: "On its way",
            body: "Your order 4711 has left our house.",
          }),
        },
      ],
    },
    {
      kind: "changed",
      step: "email_1",
      channel_type: "email",
      messages: 7,
      recipients: PEOPLE,
      reason: null,
      cause: {
        text: 'email_1: subject: "Your order is on its way" → "Your parcel arrives on Thursday"',
        location: location("knock/workflows/order-shipped/email_1/visual_blocks.md", 1),
      },
      examples: PEOPLE.slice(0, 4).map((recipient, index) => ({
        trigger: `payloads/orders.jsonl:${index + 3}`,
        recipient,
        before: OLD_EMAIL,
        after: NEW_EMAIL,
        fields: buildFields(OLD_EMAIL, NEW_EMAIL, EMAIL_FIELDS),
      })),
    },
  ],
  messages: { before: 15, after: 10 },
  volume: { before: 1_320, after: 880 },
  cost: { before: "37.40", after: "0.00" },
};

const SURVEY: WorkflowReview = {
  workflow: "delivery-survey",
  name: "Delivery survey",
  state: "added",
  previous_key: null,
  changes: [],
  differences: [
    {
      kind: "gained",
      step: "in_app_1",
      channel_type: "in_app_feed",
      messages: 2,
      recipients: ["jonas", "aki"],
      reason: null,
      cause: null,
      examples: ["jonas", "aki"].map((recipient) => ({
        trigger: "tests/survey.test.yaml: asks a day later",
        recipient,
        before: null,
        fields: [],
        after: buildMessage("in_app_1", "in_app_feed", "How was the delivery?", {
          __typename: "MessageInAppFeedContent",
          blocks: [
            { name: "body", type: "markdown", rendered: "<p>How was the <strong>delivery</strong>?</p>" },
            { name: "actions", type: "button_set", buttons: [{ label: "Rate it", action: "/survey/4711" }] },
          ],
        }),
      })),
    },
  ],
  messages: { before: 0, after: 2 },
  volume: { before: 0, after: 190 },
  cost: { before: "0.00", after: "0.00" },
};

const RENAMED: WorkflowReview = {
  workflow: "customer-welcome",
  name: "Welcome",
  state: "renamed",
  previous_key: "welcome",
  changes: [],
  differences: [],
  messages: { before: 6, after: 6 },
  volume: { before: 64, after: 64 },
  cost: { before: "0.0085", after: "0.0085" },
};

const RESET: WorkflowReview = {
  workflow: "password-reset",
  name: "Password reset",
  state: "affected",
  previous_key: null,
  changes: [],
  differences: [
    {
      kind: "changed",
      step: "email_1",
      channel_type: "email",
      messages: 3,
      recipients: ["jonas", "sam"],
      reason: null,
      cause: {
        text: "partials/footer: content: 1 line added, 1 removed",
        location: location("knock/partials/footer.html", 3),
      },
      examples: [
        {
          trigger: "tests/reset.test.yaml: sends a link",
          recipient: "sam",
          before: buildEmail("Reset your password", "Choose a new password", "Choose", OLD_FOOTER),
          after: buildEmail("Reset your password", "Choose a new password", "Choose", NEW_FOOTER),
          fields: [{ field: "text_body", before: `Hello\n\n${OLD_FOOTER}`, after: `Hello\n\n${NEW_FOOTER}` }],
        },
      ],
    },
  ],
  messages: { before: 3, after: 3 },
  volume: { before: 410, after: 410 },
  cost: { before: "4.2415", after: "4.2415" },
};

const FOOTER_CHANGE: Change = {
  kind: "changed",
  step: null,
  path: "content",
  before: OLD_FOOTER,
  after: NEW_FOOTER,
  text: "content: 1 line added, 1 removed",
  location: location("knock/partials/footer.html", 3),
};

const finding = (code: "missing_translation" | "undefined_variable", message: string, file: string, line: number) => ({
  code,
  severity: "warning" as const,
  message,
  file,
  line,
  column: 5,
  pointer: "",
  docs: `docs/troubleshooting.md#${code}`,
});

/** A report with every part, of a pull request that changes a shop's notifications. */
export const SAMPLE_REPORT: ReviewReport = {
  project: "apps/shop",
  environment: "staging",
  base: { name: "origin/main (71b26708)", commit: "71b26708d9a3f0c5b1e2847f6a9c3d5e8b0f1a24" },
  head: { name: "the working tree", commit: "5c1f9e2ab47d3806e1f0a9b8c7d6e5f403122110" },
  sources: [
    { kind: "scenarios", name: "scenarios", triggers: 14, days: null },
    { kind: "file", name: "payloads/orders.jsonl", triggers: 120, days: 21 },
  ],
  summary: {
    verdict: "4 recipients lose 5 messages, 2 recipients gain 2 messages and 10 messages change.",
    has_differences: true,
    workflows: 4,
    lost: 5,
    gained: 2,
    changed: 10,
    equal: 117,
    recipients_lost: 4,
    recipients_gained: 2,
    recipients_changed: 7,
  },
  workflows: [SHIPPED, SURVEY, RESET, RENAMED],
  resources: [
    {
      resource: "partials/footer",
      state: "changed",
      changes: [FOOTER_CHANGE],
      workflows: ["order-shipped", "password-reset"],
    },
    {
      resource: "translations/de/de.json",
      state: "removed",
      workflows: ["order-shipped"],
      changes: [
        {
          kind: "removed",
          step: null,
          path: "",
          before: null,
          after: null,
          text: "translations/de/de.json removed",
          location: location("knock/translations/de/de.json", 1, "before"),
        },
      ],
    },
  ],
  rejected: [
    {
      side: "after",
      trigger: "payloads/orders.jsonl:17",
      workflow: "order-shipped",
      code: "payload_invalid",
      message: "data.order_id: expected a string, found 4711",
    },
    {
      side: "both",
      trigger: "payloads/orders.jsonl:44",
      workflow: "gift-card",
      code: "workflow_not_found",
      message: "workflow not found: gift-card",
    },
  ],
  scenarios: {
    before: { passed: 13, failed: 0, broken: 0, skipped: 1 },
    after: { passed: 13, failed: 1, broken: 0, skipped: 1 },
    changes: [
      {
        file: "apps/shop/tests/orders.test.yaml",
        name: "ships an order",
        before: "passed",
        after: "failed",
        message: "jonas: expected sms_1 sent, found skipped (condition)",
      },
      {
        file: "apps/shop/tests/survey.test.yaml",
        name: "asks a day later",
        before: null,
        after: "passed",
        message: null,
      },
    ],
    coverage: { before: 84.2, after: 81 },
  },
  findings: {
    new: [
      finding("missing_translation", "order_shipped.title has no German translation", "knock/translations/de.json", 4),
      finding(
        "undefined_variable",
        "recipient.frist_name is not defined",
        "knock/workflows/delivery-survey/in_app_1.md",
        2,
      ),
    ],
    fixed: [
      finding("undefined_variable", "data.total is not defined", "knock/workflows/password-reset/email_1.html", 9),
    ],
  },
  volume: {
    unit: "month",
    before: 1_794,
    after: 1_544,
    channels: [
      { type: "email", before: 1_104, after: 1_104 },
      { type: "sms", before: 490, after: 50 },
      { type: "in_app_feed", before: 0, after: 190 },
      { type: "push", before: 200, after: 200 },
    ],
    cost: { currency: "EUR", before: "41.65", after: "4.25", unpriced: ["push messages to iOS"] },
  },
  rules: [
    { rule: "--max-lost 0", met: false, found: "5 lost" },
    { rule: "--budget 500", met: true, found: "EUR 4.25" },
  ],
  notes: ["The answers of 2 fetch steps are not known, so they returned nothing on both sides."],
};

/** A report of a pull request that changes no message. */
export const EQUAL_REPORT: ReviewReport = {
  ...SAMPLE_REPORT,
  summary: {
    verdict: "Nothing changes.",
    has_differences: false,
    workflows: 0,
    lost: 0,
    gained: 0,
    changed: 0,
    equal: 134,
    recipients_lost: 0,
    recipients_gained: 0,
    recipients_changed: 0,
  },
  workflows: [],
  resources: [],
  rejected: [],
  rules: [],
  notes: [],
  scenarios: { ...SAMPLE_REPORT.scenarios, changes: [], after: SAMPLE_REPORT.scenarios.before },
  findings: { new: [], fixed: [] },
  volume: { unit: "trigger", before: 2, after: 2, channels: [], cost: null },
};
