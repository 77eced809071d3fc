import * as z from "zod/mini";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { channelOverridesSchema, checkChannelOverrides } from "../channel/channel-overrides.js";
import { channelTemplateSchemas } from "../channel/channel-template-schemas.js";
import { normalizeSendWindow, sendWindowsSchema } from "../channel/send-windows.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { CHANNEL_TYPES, type ChannelType, hasTrait, isChannelType } from "../message/channel-types.js";
import { checkDocument } from "../schema/check-document.js";
import { describeInvalidValue } from "../schema/describe-issue.js";
import { anyObject, anyValue, described, lazySchema, named, nonEmptyString, optional, rule } from "../schema/fields.js";
import { variant } from "../schema/variant.js";
import type { StepBase } from "../step/step.js";
import { defineStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

const isAbsent = (value: unknown): boolean => value === null || value === undefined;
const isFilled = (value: unknown): boolean => isJsonObject(value) && Object.keys(value).length > 0;

/** Reports errors in the channel, channel group and content of a step that is not for guides (F-041, CH-064). */
function checkMessageStep(step: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  const { channel_key: channel, channel_group_key: group, template } = step;
  if (isAbsent(channel) && isAbsent(group)) report(["channel_key"], "is required (the key of a channel)");
  if (typeof step.guide_key === "string") report(["guide_key"], "is only supported in in-app guide steps");
  if (!isAbsent(channel) && !isAbsent(group)) report(["channel_group_key"], "cannot be combined with channel_key");
  if (isAbsent(template)) report(["template"], "is required");
  if (isJsonObject(step.channel_overrides) && isChannelType(step.channel_type))
    checkChannelOverrides(step.channel_overrides, step.channel_type, report);
  if (isAbsent(group) || !isJsonObject(template)) return;
  if (hasTrait(step.channel_type, "hasInputs") && isJsonObject(template.inputs))
    report(["template", "inputs"], "cannot be used with a channel group");
  if (
    hasTrait(step.channel_type, "hasReplies") &&
    isJsonObject(template.settings) &&
    template.settings.reply_to_step_ref
  )
    report(["template", "settings", "reply_to_step_ref"], "cannot be used with a channel group");
}

/**
 * Reports fields that a guide step cannot have. It needs neither a channel nor a channel group, and the content is in
 * the guide (section 7.7 of the format).
 */
function checkGuideStep(step: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  if (!isAbsent(step.channel_group_key)) report(["channel_group_key"], "is unsupported in in-app guide steps");
  if (isFilled(step.template))
    report(["template"], "is unsupported in in-app guide steps: the content is in the guide");
  if (!isAbsent(step.send_windows)) report(["send_windows"], "is unsupported in in-app guide steps");
  if (isFilled(step.channel_overrides)) report(["channel_overrides"], "is unsupported in in-app guide steps");
}

const buildStepFields = <T extends z.ZodMiniType>(type: T, template: z.ZodMiniType) =>
  z.strictObject({
    ...stepFields("channel"),
    channel_type: described(type, "The type of the channel. It determines the fields of the template."),
    channel_key: described(optional(nonEmptyString()), "The key of the channel that the step sends through."),
    channel_group_key: described(optional(nonEmptyString()), "The key of a channel group, instead of a channel."),
    guide_key: described(optional(nonEmptyString()), "In-app guide steps: the key of the guide."),
    template: described(optional(template), "The content of the message."),
    channel_overrides: described(
      optional(lazySchema(channelOverridesSchema)),
      "Takes precedence over the channel's settings.",
    ),
    send_windows: described(
      optional(lazySchema(sendWindowsSchema)),
      "When messages may be sent, for each day of the week, such as only in working hours, or not at night (quiet hours). Times are in the time zone of the recipient, or else of the environment. At other times the message is created and stays queued until the next window opens.",
    ),
  });

const buildStepSchema = (channelType: ChannelType | null, template: z.ZodMiniType) => {
  const type = channelType === null ? z.optional(z.null()) : z.literal(channelType);
  return buildStepFields(type, template).check(
    rule(hasTrait(channelType, "isGuide") ? checkGuideStep : checkMessageStep),
  );
};

/** The schema of the fields that can be checked for a step of an unknown channel type. */
const unknownTypeSchema = once(() => buildStepFields(anyValue(), anyObject()));

type RawChannelStep = z.output<ReturnType<typeof buildStepSchema>>;

/**
 * The schema of the step, by channel type. Old files do not have the type, so it comes from the environment's channel
 * (F-041). Their templates are checked later.
 */
const STEP_SCHEMAS: ReadonlyMap<unknown, () => ReturnType<typeof buildStepSchema>> = new Map([
  ...CHANNEL_TYPES.map(
    (type) => [type, once(() => named(buildStepSchema(type, channelTemplateSchemas[type]()), `${type}_step`))] as const,
  ),
  [null, once(() => buildStepSchema(null, anyObject()))],
]);

const schema = () =>
  variant<RawChannelStep>({
    discriminator: { field: "channel_type", names: () => [...CHANNEL_TYPES, null] },
    members: () => [...STEP_SCHEMAS.values()].map((build) => build()),
    choose(value) {
      const type = (isJsonObject(value) ? value.channel_type : null) ?? null;
      const build = STEP_SCHEMAS.get(type);
      if (build !== undefined) return build();
      return {
        path: ["channel_type"],
        message: describeInvalidValue(CHANNEL_TYPES, type),
        common: unknownTypeSchema(),
      };
    },
  });

function normalize(raw: RawChannelStep, base: StepBase) {
  const isGuide = hasTrait(raw.channel_type, "isGuide");
  return {
    ...base,
    type: "channel" as const,
    channel_type: raw.channel_type ?? null,
    /** Either this or `channel_group_key` is set. A guide step may have neither (F-041). */
    channel_key: raw.channel_key ?? null,
    channel_group_key: raw.channel_group_key ?? null,
    guide_key: isGuide ? (raw.guide_key ?? null) : null,
    /** The template, whose format depends on the channel type (section 7 of the format). Strings are Liquid. */
    template: isGuide ? null : ((raw.template ?? null) as JsonObject | null),
    channel_overrides: (raw.channel_overrides ?? null) as JsonObject | null,
    send_windows: raw.send_windows?.map(normalizeSendWindow) ?? null,
  };
}

export type ChannelStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    channel: ChannelStep;
  }
}

/** Returns whether a step is a channel step, and narrows its type. */
export const isChannelStep = (step: (StepBase & { type: string }) | null | undefined): step is ChannelStep =>
  step?.type === "channel";

/** Texts that are usually in separate files, and a pattern for the names of such files. */
const LONG_TEXTS = ["html_body", "text_body", "markdown_body", "json_body", "visual_blocks"];
const FILE = /^[\w.-]+(\/[\w.-]+)*\.(html|mjml|md|txt|json|liquid)$/;

/** Reports a template that does not match the type of the step's channel in the environment. */
export function checkChannelTemplate(step: ChannelStep, report: ReportFinding): void {
  const type = step.channel_type as ChannelType;
  if (step.channel_overrides !== null) checkChannelOverrides(step.channel_overrides, type, report);
  checkDocument(channelTemplateSchemas[type](), step.template, (path, message) =>
    report(["template", ...path], message),
  );
}

export const channelStep = defineStep({
  label: "a channel",
  schema,
  normalize,
  warn({ channel_type, guide_key, template }, warn) {
    const isGuide = hasTrait(channel_type, "isGuide");
    if (isGuide && !guide_key) warn(["guide_key"], "is not set: the step has no effect");
    if (!isJsonObject(template) || !channel_type || isGuide) return;
    for (const name of LONG_TEXTS) {
      const text = template[name];
      if (typeof text === "string" && FILE.test(text))
        warn(["template", name], `is "${text}" itself, not the content of that file; did you mean "${name}@"?`);
    }
  },
  templates: ({ template, channel_overrides }) => ({ template, channel_overrides }),
  references: ({ guide_key: key }) => (key === null ? [] : [{ kind: "guide", key, path: ["guide_key"] }]),
  summarize: ({ channel_key, channel_group_key, guide_key }) => guide_key ?? channel_key ?? channel_group_key,
  createsMessages: true,
  isAllowedInBroadcasts: true,
  eventReasons: { failed: "render_error" },
});
