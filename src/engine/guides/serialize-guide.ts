import type { Environment } from "../../domain/environment/environment.js";
import { buildUndeclaredChannel } from "../../domain/environment/environment.js";
import {
  DEFAULT_GUIDE_GROUP,
  type Guide,
  type GuideStep,
  getGuideId,
  isGuideActive,
} from "../../domain/guide/guide.js";
import type { Message, MessageChannel } from "../../domain/message/message.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { RenderError } from "../liquid/liquid.js";
import type { CompiledGuide } from "./compile-guide.js";
import { findIneligibility, type GuideViewer, type Ineligibility, selectGuideMessages } from "./guide-viewer.js";

/** The time of guides in responses, as of channels. File times differ between computers. */
const EPOCH = toIsoTime(0);

function toIso(at: number | null): string | null {
  return at === null ? null : toIsoTime(at);
}

export function resolveGuideChannel({ channel_key }: Guide, environment: Environment): MessageChannel {
  const declared = Object.hasOwn(environment.channels, channel_key) ? environment.channels[channel_key] : null;
  const { id, key, type, provider } = declared ?? buildUndeclaredChannel(channel_key, "in_app_guide");
  return { id, key, type, provider };
}

/** Returns a step's engagement. Before the first action there is no message. */
function serializeMessageState(message: Message | undefined): JsonObject {
  return {
    id: message?.id ?? null,
    seen_at: toIso(message?.seen_at ?? null),
    read_at: toIso(message?.read_at ?? null),
    interacted_at: toIso(message?.interacted_at ?? null),
    archived_at: toIso(message?.archived_at ?? null),
    link_clicked_at: toIso(message?.link_clicked_at ?? null),
  };
}

function serializeGuideStep(step: GuideStep, content: JsonObject, messages: readonly Message[]): JsonObject {
  return {
    ref: step.ref,
    schema_key: step.schema_key,
    schema_semver: step.schema_semver,
    schema_variant_key: step.schema_variant_key,
    content,
    message: serializeMessageState(messages.findLast(({ step_ref }) => step_ref === step.ref)),
  };
}

/**
 * A guide in the API's format, without `dashboard_url`, because the project has no dashboard; and why the user
 * may not see it now, or null.
 */
interface GuideView {
  key: string;
  serialized: JsonObject;
  ineligibility: Ineligibility | null;
}

/**
 * Builds the view of a guide for a user. The API has no reason for content that cannot be rendered, so the guide is
 * reported as not active, and the message has the error.
 */
export function buildGuideView(compiled: CompiledGuide, viewer: GuideViewer, environment: Environment): GuideView {
  const { guide, contents } = compiled;
  let ineligibility: Ineligibility | null = null;
  let steps: JsonObject[] = [];
  const messages = selectGuideMessages(guide, viewer.messages, viewer.tenant);
  try {
    [ineligibility, steps] = viewer.renderPart(() => [
      findIneligibility(guide, viewer),
      guide.steps.map((step, index) => serializeGuideStep(step, contents[index]?.(viewer.scope) ?? {}, messages)),
    ]);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    ineligibility = { reason: "guide_not_active", message: `Its content cannot be rendered: ${error.message}` };
  }
  const unthrottled = environment.guide_group.display_sequence_unthrottled.includes(guide.key);
  const serialized: JsonObject = {
    __typename: "Guide",
    id: getGuideId(guide.key),
    key: guide.key,
    channel_id: resolveGuideChannel(guide, environment).id,
    type: guide.type,
    semver: guide.semver,
    active: ineligibility?.reason !== "guide_not_active" && isGuideActive(guide, viewer.now),
    steps,
    activation_url_rules: [],
    activation_url_patterns: guide.activation_url_patterns.map(({ directive, pathname, search }) => ({
      directive,
      ...(pathname === null ? {} : { pathname }),
      ...(search === null ? {} : { search }),
    })),
    bypass_global_group_limit: unthrottled,
    inserted_at: EPOCH,
    updated_at: EPOCH,
  };
  return { key: guide.key, serialized, ineligibility };
}

export function serializeIneligibleGuide({ key, ineligibility }: GuideView): JsonObject {
  return { __typename: "GuideIneligibilityMarker", key, ...ineligibility };
}

/**
 * Returns a channel's guides in the declared order, then the others by key. `display_interval` is absent if
 * none is declared.
 */
export function serializeGuideGroup(keys: readonly string[], { guide_group }: Environment): JsonObject {
  const { display_sequence: declared, display_sequence_unthrottled, display_interval } = guide_group;
  const sequence = [...new Set([...declared.filter((key) => keys.includes(key)), ...[...keys].sort()])];
  const isUnthrottled = (key: string): boolean => display_sequence_unthrottled.includes(key);
  return {
    __typename: "GuideGroup",
    key: DEFAULT_GUIDE_GROUP,
    display_sequence: sequence,
    display_sequence_unthrottled: sequence.filter(isUnthrottled),
    display_sequence_throttled: sequence.filter((key) => !isUnthrottled(key)),
    ...(display_interval === null ? {} : { display_interval }),
    inserted_at: EPOCH,
    updated_at: EPOCH,
  };
}

/**
 * Returns when the user last archived a guide that the throttle applies to: the start of the throttle's window. A guide
 * with the scope of a tenant counts only there.
 */
export function serializeDisplayLogs(guides: readonly Guide[], viewer: GuideViewer): JsonObject {
  const messages = guides.flatMap((guide) => selectGuideMessages(guide, viewer.messages, viewer.tenant));
  const times = messages.flatMap(({ archived_at, events }) => {
    const archived = events.findLast(({ type }) => type === "archived");
    return archived_at === null || archived?.data?.unthrottled === true ? [] : [archived_at];
  });
  return times.length === 0 ? {} : { [DEFAULT_GUIDE_GROUP]: toIso(Math.max(...times)) };
}
