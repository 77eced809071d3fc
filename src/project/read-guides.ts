import { join } from "node:path";
import type { Environment } from "../domain/environment/environment.js";
import type { Guide, GuideSet } from "../domain/guide/guide.js";
import type { MessageType } from "../domain/guide/message-type.js";
import { parseGuide } from "../domain/guide/parse-guide.js";
import { parseMessageType } from "../domain/guide/parse-message-type.js";
import { RESOURCE_KEY } from "../domain/resource/resource-id.js";
import { catchKnockError, KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { type KeyedResources, openKeyedResources } from "./keyed-resources.js";
import { readProjectText } from "./read-project-text.js";
import type { OnInvalid } from "./read-resource.js";

/** Matches the guide of a guide step in a workflow's file. */
const GUIDE_KEY_FIELD = /"guide_key"\s*:\s*"([^"\\]+)"/g;

/** Reads a message type; null if it does not exist. Throws `project_invalid`. */
export function readMessageType(
  resources: KeyedResources,
  key: string,
  onInvalid: OnInvalid | undefined,
): Promise<MessageType | null> {
  return resources.read("message-types", key, { owner: "message type", onInvalid }, (raw, { displayPath }) =>
    parseMessageType(key, raw, displayPath),
  );
}

type GuideLocation = Pick<ProjectLocation, "knockDir" | "documents" | "onInvalid">;

/**
 * Returns the guides that workflow steps name. They are found in the text, so that an invalid workflow does not change
 * guides.
 */
async function readManagedKeys(
  resources: KeyedResources,
  { knockDir, documents }: GuideLocation,
  displayPath: (path: string) => string,
): Promise<Set<string>> {
  const readText = async (key: string): Promise<string> => {
    const document = await documents?.find({ type: "workflow", id: key });
    if (document !== undefined) return JSON.stringify(document);
    const file = join(knockDir, "workflows", key, "workflow.json");
    try {
      return readProjectText(file, displayPath(file));
    } catch (error) {
      if (error instanceof KnockError) return "";
      throw error;
    }
  };
  const managed = new Set<string>();
  for (const key of await resources.list("workflows"))
    for (const [, guide] of (await readText(key)).matchAll(GUIDE_KEY_FIELD)) managed.add(guide as string);
  return managed;
}

/**
 * Reads all of `guides/` with the message types that they name (sections 12 and 13 of the format). An invalid file is an error
 * of that guide, and the others are read. Throws `project_invalid` for a folder that cannot be read.
 */
export async function readGuides(location: GuideLocation, environment: Environment, cwd: string): Promise<GuideSet> {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const { onInvalid } = location;
  const resources = openKeyedResources(location, displayPath);
  const guides: Guide[] = [];
  const errors = new Map<string, KnockError>();
  const keys = await resources.list("guides");
  if (keys.length === 0) return { guides, errors };
  const managed = await readManagedKeys(resources, location, displayPath);
  const messageTypes = new Map<string, MessageType | KnockError>();
  for (const key of await resources.list("message-types")) {
    const read = await catchKnockError(readMessageType(resources, key, onInvalid));
    if (read !== null) messageTypes.set(key, read);
  }
  for (const key of keys) {
    try {
      if (!RESOURCE_KEY.test(key)) {
        const file = displayPath(join(location.knockDir, "guides", key, "guide.json"));
        throw new KnockError("project_invalid", `${file}: not a valid guide key`, {
          hint: "Rename the folder. Keys contain lowercase letters, digits, hyphens and underscores.",
        });
      }
      const context = {
        messageTypes,
        findDeclaredType: (name: string) =>
          (Object.hasOwn(environment.channels, name) && environment.channels[name]?.type) || undefined,
        isManaged: managed.has(key),
      };
      const guide = await resources.read(
        "guides",
        key,
        { owner: "guide", onInvalid },
        (raw, { displayPath: fileName }) => parseGuide(key, raw, { ...context, fileName }),
      );
      if (guide !== null) guides.push(guide);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      errors.set(key, error);
    }
  }
  return { guides, errors };
}
