import * as z from "zod/mini";
import type { JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import { parseInteractionMetadata } from "../message/parse-interaction-metadata.js";
import { checkDocument } from "../schema/check-document.js";
import { anyObject, anyValue, matchingString, nonEmptyString, optional } from "../schema/fields.js";

/** A user's engagement with a step of a guide, from a request. */
export interface GuideStepEngagement {
  channel: string;
  guide_id: string;
  guide: string;
  step: string;
  tenant: string | null;
  /** The content that was shown; null unless the action is `seen`. */
  content: JsonObject | null;
  /** The data with which the guide was selected. */
  data: JsonObject;
  /**
   * The data of the action's event: metadata of an interaction, or `is_final` and `unthrottled` of an archive action.
   */
  details: JsonObject | null;
}

const guideReferenceSchema = once(() =>
  z.strictObject({ guide_key: nonEmptyString(), tenant: optional(nonEmptyString()) }),
);

/**
 * The schema of the payload with which a client joins a socket's channel of guides. Unknown keys are accepted,
 * because clients send more than is documented.
 */
export const guideJoinSchema = once(() =>
  z.looseObject({
    user_id: matchingString((text) => text !== "", "is required"),
    tenant: optional(z.string({ error: "must be a tenant's id" })),
    data: optional(anyObject("must be a JSON object")),
  }),
);

/** The schemas of request bodies by action. */
const engagementSchemas = once(() => {
  const step = {
    channel_id: nonEmptyString(),
    guide_id: nonEmptyString(),
    guide_key: nonEmptyString(),
    guide_step_ref: nonEmptyString(),
    tenant: optional(nonEmptyString()),
  };
  const flag = optional(z.boolean());
  return {
    seen: z.strictObject({ ...step, content: anyObject(), data: optional(anyObject()) }),
    interacted: z.strictObject({ ...step, metadata: anyValue() }),
    archived: z.strictObject({ ...step, is_final: flag, unthrottled: flag }),
  };
});

/** Parses a body. Unknown keys are ignored, because the service's clients send more than is documented. */
function parseBody<S extends z.ZodMiniType>(body: JsonObject, schema: S): z.output<S> {
  return parseOrThrow("the guide's engagement", (report) => checkDocument(schema, body, report));
}

/** Parses a body of . Throws `invalid_params` with one pointer per finding. */
export function parseGuideEngagement(
  action: "seen" | "interacted" | "archived",
  body: JsonObject,
): GuideStepEngagement {
  const { channel_id, guide_id, guide_key, guide_step_ref, tenant } = parseBody(body, engagementSchemas()[action]);
  const flags = ["is_final", "unthrottled"].flatMap((name) => (body[name] === true ? [[name, true] as const] : []));
  const archiveDetails = action === "archived" && flags.length > 0 ? Object.fromEntries(flags) : null;
  return {
    channel: channel_id,
    guide_id,
    guide: guide_key,
    step: guide_step_ref,
    tenant: tenant ?? null,
    content: action === "seen" ? (body.content as JsonObject) : null,
    data: action === "seen" ? ((body.data as JsonObject | null | undefined) ?? {}) : {},
    details: action === "interacted" ? parseInteractionMetadata("interacted", body.metadata) : archiveDetails,
  };
}

/** Parses a body of . Throws `invalid_params` with one pointer per finding. */
export function parseGuideReference(body: JsonObject): { guide: string; tenant: string | null } {
  const { guide_key, tenant } = parseBody(body, guideReferenceSchema());
  return { guide: guide_key, tenant: tenant ?? null };
}
