import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../domain/environment/environment.js";
import type { Guide, GuideSet } from "../domain/guide/guide.js";
import type { MessageType } from "../domain/guide/message-type.js";
import { parseGuide } from "../domain/guide/parse-guide.js";
import { parseMessageType } from "../domain/guide/parse-message-type.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { listFolder } from "./list-folder.js";
import { readProjectText } from "./read-project-text.js";
import { readResource } from "./read-resource.js";
import { RESOURCE_KEY } from "./resource-key.js";

/** Matches the guide of a guide step in a workflow's file. */
const GUIDE_KEY_FIELD = /"guide_key"\s*:\s*"([^"\\]+)"/g;

/**
 * Reads all of `guides/` with the message types that they name (sections 12 and 13 of the format). An invalid file is an error
 * of that guide, and the others are read. Throws `project_invalid` for a folder that cannot be read.
 */
export async function readGuides(
  { knockDir, onInvalid }: Pick<ProjectLocation, "knockDir" | "onInvalid">,
  environment: Environment,
  cwd: string,
): Promise<GuideSet> {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);

  function listKeys(folder: string, file: string): string[] {
    const inside = join(knockDir, folder);
    return listFolder(inside, displayPath)
      .filter((key) => existsSync(join(inside, key, file)))
      .sort();
  }

  async function readMessageType(key: string): Promise<MessageType | KnockError> {
    const path = join(knockDir, "message-types", key, "message_type.json");
    try {
      return await readResource({ path, displayPath: displayPath(path) }, { owner: "message type", onInvalid }, (raw) =>
        parseMessageType(key, raw, displayPath(path)),
      );
    } catch (error) {
      if (error instanceof KnockError) return error;
      throw error;
    }
  }

  /**
   * Returns the guides that workflow steps name. They are found in the text, so that an invalid workflow does not change
   * guides.
   */
  function readManagedKeys(): Set<string> {
    const texts = listKeys("workflows", "workflow.json").map((key) => {
      const file = join(knockDir, "workflows", key, "workflow.json");
      try {
        return readProjectText(file, displayPath(file));
      } catch (error) {
        if (error instanceof KnockError) return "";
        throw error;
      }
    });
    return new Set(texts.flatMap((text) => [...text.matchAll(GUIDE_KEY_FIELD)].map(([, key]) => key as string)));
  }

  const guides: Guide[] = [];
  const errors = new Map<string, KnockError>();
  const keys = listKeys("guides", "guide.json");
  if (keys.length === 0) return { guides, errors };
  const managed = readManagedKeys();
  const messageTypes = new Map<string, MessageType | KnockError>();
  for (const key of listKeys("message-types", "message_type.json")) messageTypes.set(key, await readMessageType(key));
  for (const key of keys) {
    const path = join(knockDir, "guides", key, "guide.json");
    const file = displayPath(path);
    try {
      if (!RESOURCE_KEY.test(key))
        throw new KnockError("project_invalid", `${file}: not a valid guide key`, {
          hint: "Rename the folder. Keys contain lowercase letters, digits, hyphens and underscores.",
        });
      const context = {
        fileName: file,
        messageTypes,
        findDeclaredType: (name: string) =>
          (Object.hasOwn(environment.channels, name) && environment.channels[name]?.type) || undefined,
        isManaged: managed.has(key),
      };
      guides.push(
        await readResource({ path, displayPath: file }, { owner: "guide", onInvalid }, (raw) =>
          parseGuide(key, raw, context),
        ),
      );
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      errors.set(key, error);
    }
  }
  return { guides, errors };
}
