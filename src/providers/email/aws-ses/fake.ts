import { toIsoTime } from "../../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { buildAwsFailures, checkFakeSignature, FAKE_SETTINGS, respondToSts } from "../../aws/fake-aws.js";
import { buildSnsWebhook, respondWithCertificate } from "../../aws/fake-sns-webhook.js";
import { type FakeEvent, type FakeResponse, type FakeVendor, fail } from "../../fake-vendor.js";

const SETTINGS = { ...FAKE_SETTINGS, topic_arn: "arn:aws:sns:eu-west-1:123456789012:ses-events" };
const MAX_RECIPIENTS = 50;

const buildError = (status: number, code: string, message: string): FakeResponse => ({
  status,
  headers: { "x-amzn-errortype": `${code}:` },
  body: { message },
});

const toObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const toList = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** Returns why SES refuses a body, or null. */
function findProblem(body: JsonObject): string | null {
  const destination = toObject(body.Destination);
  const recipients = ["ToAddresses", "CcAddresses", "BccAddresses"].flatMap((name) => toList(destination[name]));
  const simple = toObject(toObject(body.Content).Simple);
  const { Html, Text } = toObject(simple.Body);
  if (typeof body.FromEmailAddress !== "string") return "FromEmailAddress is required";
  if (recipients.length === 0) return "Destination is required";
  if (recipients.length > MAX_RECIPIENTS) return `Recipient count exceeds ${MAX_RECIPIENTS}`;
  if (recipients.some((address) => !/^[\x20-\x3f\x41-\x7e]+@[\x20-\x7e]+$/.test(String(address))))
    return "Local address contains control or whitespace";
  if (typeof toObject(simple.Subject).Data !== "string") return "Subject is required";
  if (Html === undefined && Text === undefined) return "Body is required";
  for (const tag of toList(body.EmailTags)) {
    const { Name, Value } = toObject(tag);
    if (!/^[\w-]{1,256}$/.test(String(Name)) || !/^[\w-]{1,256}$/.test(String(Value)))
      return `Invalid tag value <${String(Value)}>, only alphanumeric ASCII characters, '_', and '-' are allowed`;
  }
  for (const attachment of toList(simple.Attachments)) {
    const { FileName, RawContent } = toObject(attachment);
    if (typeof FileName !== "string" || typeof RawContent !== "string") return "FileName and RawContent are required";
  }
  return null;
}

/** Returns an event as SES publishes it. */
function buildEvent({ type, message_id, at, reason, url }: FakeEvent): JsonObject {
  const timestamp = toIsoTime(at);
  const recipient = { emailAddress: "ada@lark.test" };
  const details: Record<string, [eventType: string, field: string, details: JsonObject]> = {
    delivered: [
      "Delivery",
      "delivery",
      { recipients: [recipient.emailAddress], smtpResponse: "250 2.6.0 Message received" },
    ],
    bounced: [
      ...(["Bounce", "bounce"] as const),
      {
        bounceType: "Permanent",
        bounceSubType: "General",
        bouncedRecipients: [{ ...recipient, diagnosticCode: reason ?? "smtp; 550 5.1.1 user unknown" }],
      },
    ],
    undelivered: ["Reject", "reject", { reason: reason ?? "Bad content" }],
    complained: ["Complaint", "complaint", { complainedRecipients: [recipient] }],
    opened: ["Open", "open", { userAgent: "Mozilla/5.0" }],
    clicked: ["Click", "click", { link: url ?? "https://lark.test/" }],
    unsubscribed: [
      ...(["Subscription", "subscription"] as const),
      { source: "UnsubscribeHeader", newTopicPreferences: { unsubscribeAll: true } },
    ],
  };
  const [eventType, field, content] = details[type] as [string, string, JsonObject];
  return {
    eventType,
    mail: { timestamp, messageId: "fake", tags: { knock_message_id: [message_id] } },
    [field]: { ...content, ...(type === "undelivered" ? {} : { timestamp }) },
  };
}

/** Version 2 of the API of Amazon SES, and its events by Amazon SNS. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond(request): FakeResponse {
    const { method, path, body } = request;
    const known = respondWithCertificate(request) ?? respondToSts(request);
    if (known !== null) return known;
    const error = checkFakeSignature(request, "ses");
    if (error !== null) return buildError(403, ...error);
    if (method !== "POST" || path !== "/v2/email/outbound-emails")
      return buildError(404, "UnknownOperationException", "The operation is unknown");
    const problem = findProblem(toObject(body));
    if (problem !== null) return buildError(400, "BadRequestException", problem);
    return { status: 200, body: { MessageId: "0102019c-fake-ses-000000" } };
  },
  failures: {
    ...buildAwsFailures(buildError),
    invalid_recipient: fail(
      "bounced",
      buildError(400, "BadRequestException", "Local address contains control or whitespace"),
    ),
    bad_request: fail("permanent", buildError(400, "BadRequestException", "Subject is required")),
    message_rejected: fail(
      "permanent",
      buildError(400, "MessageRejected", "Email address is not verified: hi@lark.test"),
    ),
    domain_not_verified: fail(
      "permanent",
      buildError(400, "MailFromDomainNotVerifiedException", "The sending domain isn't verified."),
    ),
    suspended: fail(
      "permanent",
      buildError(400, "AccountSuspendedException", "The account's ability to send email is restricted."),
    ),
    sending_paused: fail("temporary", buildError(400, "SendingPausedException", "Sending is paused.")),
    not_found: fail("permanent", buildError(404, "NotFoundException", "The configuration set does not exist.")),
    throttled: fail("temporary", buildError(400, "ThrottlingException", "Rate exceeded")),
    rate_limited: fail("temporary", buildError(429, "TooManyRequestsException", "Too many requests")),
    limit_exceeded: fail("temporary", buildError(400, "LimitExceededException", "Daily quota exceeded")),
  },
  events: ["delivered", "bounced", "undelivered", "complained", "opened", "clicked", "unsubscribed"],
  buildWebhook: (event) =>
    buildSnsWebhook(SETTINGS.topic_arn, SETTINGS.aws_region, JSON.stringify(buildEvent(event)), event.at),
};
