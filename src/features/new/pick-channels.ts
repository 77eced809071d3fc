import { join } from "node:path";
import { readProjectNames } from "../../context/project-names.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Yields the channel steps of a template, which are objects with both keys. */
function* walkChannelFields(value: Json): Generator<JsonObject & { channel_key: string; channel_type: string }> {
  if (Array.isArray(value)) for (const child of value) yield* walkChannelFields(child);
  else if (isJsonObject(value)) {
    const { channel_key, channel_type } = value;
    if (typeof channel_key === "string" && typeof channel_type === "string")
      yield Object.assign(value, { channel_key, channel_type });
    for (const child of Object.values(value)) yield* walkChannelFields(child);
  }
}

/**
 * Replaces the channels of a workflow by channels of the same type that the project has. A project without any channel keeps
 * those of the template, which are then sandboxed. Returns whether one of them delivers messages.
 * Throws `project_invalid` with what to declare if the project has channels, but none of a type.
 */
export async function pickChannels(workflow: JsonObject, project: Project, cwd: string): Promise<boolean> {
  const { channels: declared } = await project.environment();
  const known = (await readProjectNames(project)).channels;
  const hasDeclared = Object.keys(declared).length > 0;
  const candidates = hasDeclared ? known.filter(({ key }) => declared[key] != null) : known;
  const missing = new Map<string, string>();
  let delivers = false;
  for (const step of walkChannelFields(workflow)) {
    const keys = candidates.filter(({ type }) => type === step.channel_type).map(({ key }) => key);
    const [first] = keys;
    if (first === undefined && hasDeclared) missing.set(step.channel_key, step.channel_type);
    else if (first !== undefined && !keys.includes(step.channel_key)) step.channel_key = first;
    delivers ||= declared[step.channel_key]?.deliver ?? false;
  }
  if (missing.size === 0) return delivers;
  const file = formatDisplayPath(cwd, join(project.knockDir, "environment.json"));
  const types = [...missing.values()].join(" and ");
  const lines = [...missing].map(([key, type]) => `${JSON.stringify(key)}: ${JSON.stringify({ type })}`);
  throw new KnockError("project_invalid", `${file} declares no channel of type ${types}, which the template needs`, {
    hint: `Add ${lines.join(", ")} to "channels" in this file and run the command again. Nothing was changed.`,
  });
}
