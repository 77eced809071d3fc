import type { JsonObject } from "../../util/json.js";
import { parseInteractionMetadata } from "../message/interaction-metadata.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { anything, flag, object, optional, record, type Shape } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";

const guideShape = object({ guide_key: filledText, tenant: optional(filledText) });

const stepShape = object({
  channel_id: filledText,
  guide_id: filledText,
  guide_key: filledText,
  guide_step_ref: filledText,
  tenant: optional(filledText),
});

const SHAPES = {
  seen: object({ content: record(anything), data: optional(record(anything)) }),
  interacted: object({ metadata: anything }),
  archived: object({ is_final: optional(flag), unthrottled: optional(flag) }),
} as const;

/** What a user did with a step of a guide, as a request says it. */
export interface GuideStepEngagement {
  channel: string;
  guide_id: string;
  guide: string;
  step: string;
  tenant: string | null;
  /** The content shown, where it is told (`seen`). */
  content: JsonObject | null;
  /** The data that the guide was chosen with. */
  data: JsonObject;
  /** What the action's event keeps: metadata of an interaction, `is_final` and `unthrottled` of an archiving. */
  details: JsonObject | null;
}

function parse<T>(body: JsonObject, shape: Shape<T>): T {
  return parseOrThrow("the guide's engagement", (complain) => checked(shape, body, [], complain)) as T;
}

/** A body of . Throws `invalid_params` with a pointer per fault. */
export function parseGuideEngagement(
  action: "seen" | "interacted" | "archived",
  body: JsonObject,
): GuideStepEngagement {
  const { channel_id, guide_id, guide_key, guide_step_ref, tenant } = parse(body, stepShape);
  parse(body, SHAPES[action] as Shape<unknown>);
  const flags = ["is_final", "unthrottled"].flatMap((name) => (body[name] === true ? [[name, true] as const] : []));
  const told = action === "archived" && flags.length > 0 ? Object.fromEntries(flags) : null;
  return {
    channel: channel_id,
    guide_id,
    guide: guide_key,
    step: guide_step_ref,
    tenant: tenant ?? null,
    content: action === "seen" ? (body.content as JsonObject) : null,
    data: action === "seen" ? ((body.data as JsonObject | null | undefined) ?? {}) : {},
    details: action === "interacted" ? parseInteractionMetadata("interacted", body.metadata) : told,
  };
}

/** A body of . Throws `invalid_params`. */
export function parseGuideOf(body: JsonObject): { guide: string; tenant: string | null } {
  const { guide_key, tenant } = parse(body, guideShape);
  return { guide: guide_key, tenant: tenant ?? null };
}
