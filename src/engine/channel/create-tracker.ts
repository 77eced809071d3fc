import type { Channel, Environment } from "../../domain/environment/environment.js";
import { CHANNEL_TYPE_DEFINITIONS } from "../../domain/message/channel-types.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import type { JsonObject } from "../../util/json.js";
import type { RenderContext } from "../render/channel-renderer.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";

type Tracker = (content: JsonObject, message: string) => { content: JsonObject; links: string[] };

/**
 * Returns the function that adds tracking to a step's rendered messages, or null if tracking is off. If it is on but no
 * tracking URL is configured, warns and returns null. A setting of the step takes precedence over the channel's; the
 * default is off (T-230, E-231, CH-033).
 */
export function createTracker(
  step: ChannelStep,
  channel: Channel,
  {
    environment: { tracking },
    linkKey,
    compiled: { trackContent },
  }: { environment: Environment; linkKey: string | null; compiled: CompiledWorkflow },
  warn: NonNullable<RenderContext["warn"]>,
): Tracker | null {
  const isOn = (name: string): boolean =>
    CHANNEL_TYPE_DEFINITIONS[channel.type].overrides.includes(name) &&
    (typeof step.channel_overrides?.[name] === "boolean" ? step.channel_overrides : channel.settings)[name] === true;
  const links = isOn("link_tracking");
  const opens = isOn("open_tracking");
  if (!links && !opens) return null;
  if (tracking && trackContent)
    return (content, id) =>
      trackContent(content, { message_id: id, channel, ...tracking, link_key: linkKey, links, opens });
  if (links) warn("links were not rewritten: no tracking URL is configured");
  if (opens) warn("no tracking pixel was added: no tracking URL is configured");
  return null;
}
