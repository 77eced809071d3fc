import * as z from "zod/mini";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { described, named, optional, rule } from "../schema/fields.js";

/** The fields of channel data, of which one must be set, by channel type (A-454 to A-471). */
const FIELDS_BY_CHANNEL_TYPE: Readonly<Record<string, readonly string[]>> = {
  push: ["tokens", "devices", "target_arns", "player_ids"],
  chat: ["connections", "token", "ms_teams_tenant_id"],
};

/**
 * Reports channel data that has none of the fields. If the type of the channel is known, only its fields count (A-454).
 */
export function checkChannelDataForm(
  data: Readonly<Record<string, unknown>>,
  type: string | null,
  report: ReportFinding,
): void {
  const typeFields = type === null ? undefined : FIELDS_BY_CHANNEL_TYPE[type];
  const forms = typeFields ?? Object.values(FIELDS_BY_CHANNEL_TYPE).flat();
  if (forms.some((name) => data[name] !== undefined && data[name] !== null)) return;
  report(
    [],
    `must have one of ${forms.join(", ")}${typeFields === undefined ? "" : `: the channel is of type ${type}`}`,
  );
}

/** Returns the error for the token of a device, which belongs in a list. */
const describeInvalidToken = ({ input }: { input?: unknown }): string | undefined =>
  typeof input === "string"
    ? 'must be an object, found a string; did you mean "tokens", the list of a push channel?'
    : undefined;

/**
 * The schema of a recipient's tokens and connections, for all providers. Lists may be absent but not null, as in the
 * API.
 */
const providerDataSchema = once(() => {
  const text = (description: string, example?: unknown) => described(optional(z.string()), description, example);
  const device = z
    .looseObject({
      token: text("The token of the device."),
      target_arn: text("The ARN of the device's endpoint.", "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/app/1"),
      locale: text("The locale of the device."),
      timezone: text("The time zone of the device."),
    })
    .check(
      rule(({ token, target_arn }, report) => {
        if ((token ?? target_arn ?? null) === null) report([], "must have a token or a target_arn");
      }),
    );
  const connection = z.looseObject({
    access_token: text("The access token of the workspace.", "xoxb-1"),
    channel_id: text("The ID of the channel."),
    channel_name: text("The name of the channel."),
    user_id: text("The ID of the user."),
    ms_teams_channel_id: text("The ID of the Microsoft Teams channel.", "19:general@thread.tacv2"),
    ms_teams_team_id: text("The ID of the Microsoft Teams team.", "8f1c2d3e-0000-4000-8000-000000000002"),
    ms_teams_tenant_id: text("The ID of the Microsoft Entra tenant.", "72f988bf-0000-4000-8000-000000000001"),
    ms_teams_user_id: text("The ID of the Microsoft Teams user.", "29:ada"),
    incoming_webhook: described(
      optional(
        z.looseObject({
          url: described(z.string(), "The URL of the webhook.", "https://hooks.slack.com/services/T0/B0/x"),
        }),
      ),
      "A webhook that posts to one channel.",
    ),
  });
  return z.looseObject({
    tokens: described(z.optional(z.array(z.string())), "Push: the tokens of the devices."),
    target_arns: described(z.optional(z.array(z.string())), "Push: the ARNs of the devices' endpoints.", [
      "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/app/1",
    ]),
    player_ids: described(z.optional(z.array(z.string())), "Push: the IDs of the devices.", ["d6c1f2e0"]),
    devices: described(z.optional(z.array(device)), "Push: the devices."),
    connections: described(z.optional(z.array(connection)), "Chat: where messages are posted."),
    token: described(
      optional(
        z.looseObject(
          { access_token: text("The access token of the workspace.", "xoxb-1") },
          { error: describeInvalidToken },
        ),
      ),
      "Chat: the token of a tenant or an object.",
    ),
    ms_teams_tenant_id: text("Chat: the ID of the Microsoft Entra tenant.", "72f988bf-0000-4000-8000-000000000001"),
  });
});

/** The schema of channel data in a recipient, where the type of the channel is unknown. */
export const channelDataSchema = once(() =>
  named(providerDataSchema().check(rule((data, report) => checkChannelDataForm(data, null, report))), "channel_data"),
);

/** The schema of the body of a channel data PUT (A-452). */
export const channelDataBodySchema = once(() =>
  z.looseObject({ data: described(providerDataSchema(), "The channel data.") }),
);
