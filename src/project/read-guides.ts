import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../domain/environment/environment.js";
import type { Guide, GuideSet } from "../domain/guide/guide.js";
import type { MessageType } from "../domain/guide/message-type.js";
import { parseGuide } from "../domain/guide/parse-guide.js";
import { parseMessageType } from "../domain/guide/parse-message-type.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { namesIn } from "./names-in.js";
import { readProjectText } from "./read-json-file.js";
import { readResource } from "./read-resource.js";
import { shownPath } from "./shown-path.js";

/** F-008. */
const KEY = /^[a-z0-9_-]+$/;
/** As a workflow's file spells a guide step's guide. */
const NAMED_GUIDE = /"guide_key"\s*:\s*"([^"\\]+)"/g;

/**
 * All of `guides/` with the message types they name (sections 12 and 13 of the format). A broken file is a fault of that
 * guide; the others are read. Throws `project_invalid` for a folder that cannot be read.
 */
export async function readGuides(
  { knockDir }: Pick<ProjectLocation, "knockDir">,
  environment: Environment,
  cwd: string,
): Promise<GuideSet> {
  const shown = (path: string): string => shownPath(cwd, path);

  function keysOf(folder: string, file: string): string[] {
    const inside = join(knockDir, folder);
    return namesIn(inside, shown)
      .filter((key) => existsSync(join(inside, key, file)))
      .sort();
  }

  async function messageType(key: string): Promise<MessageType | KnockError> {
    const path = join(knockDir, "message-types", key, "message_type.json");
    try {
      return await readResource({ path, shown: shown(path) }, { owner: "message type" }, (raw) =>
        parseMessageType(key, raw, shown(path)),
      );
    } catch (error) {
      if (error instanceof KnockError) return error;
      throw error;
    }
  }

  /** The guides that steps of workflows name: told by the text, so that a broken workflow changes nobody's guides. */
  function managedKeys(): Set<string> {
    const texts = keysOf("workflows", "workflow.json").map((key) => {
      const file = join(knockDir, "workflows", key, "workflow.json");
      try {
        return readProjectText(file, shown(file));
      } catch (error) {
        if (error instanceof KnockError) return "";
        throw error;
      }
    });
    return new Set(texts.flatMap((text) => [...text.matchAll(NAMED_GUIDE)].map(([, key]) => key as string)));
  }

  const guides: Guide[] = [];
  const faults = new Map<string, KnockError>();
  const keys = keysOf("guides", "guide.json");
  if (keys.length === 0) return { guides, faults };
  const managed = managedKeys();
  const messageTypes = new Map<string, MessageType | KnockError>();
  for (const key of keysOf("message-types", "message_type.json")) messageTypes.set(key, await messageType(key));
  for (const key of keys) {
    const path = join(knockDir, "guides", key, "guide.json");
    const file = shown(path);
    try {
      if (!KEY.test(key))
        throw new KnockError("project_invalid", `${file}: not a guide's key`, {
          hint: "Rename the folder: keys hold lower-case letters, digits, hyphens and underscores.",
        });
      const files = new Map<string, string>();
      const surroundings = {
        shown: file,
        messageTypes,
        channelType: (name: string) =>
          (Object.hasOwn(environment.channels, name) && environment.channels[name]?.type) || undefined,
        managed: managed.has(key),
      };
      const guide = await readResource({ path, shown: file }, { owner: "guide", files }, (raw) =>
        parseGuide(key, raw, surroundings),
      );
      rememberTextFiles(guide, files);
      guides.push(guide);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      faults.set(key, error);
    }
  }
  return { guides, faults };
}
