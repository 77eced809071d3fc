import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { didYouMean, toHintText } from "../../util/find-nearest.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Returns a warning for each channel of a recipient's `channel_data` that neither a workflow nor the environment has. */
export async function collectUnknownChannelWarnings(
  recipient: JsonObject,
  flags: TargetFlags,
  { project }: CommandContext,
): Promise<string[]> {
  if (!isJsonObject(recipient.channel_data)) return [];
  const names = await project.readNames(flags);
  if (names === null) return [];
  const keys = names.channels.map(({ key }) => key);
  const known = new Set(names.channels.flatMap(({ key, id }) => [key, id]));
  return Object.keys(recipient.channel_data)
    .filter((name) => !known.has(name))
    .map((name) =>
      `channel_data.${name}: no channel has this key or ID. ${toHintText(didYouMean(name, keys, "Channels")) ?? ""}`.trim(),
    );
}
