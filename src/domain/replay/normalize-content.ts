import { isJsonObject, type Json } from "../../util/json.js";
import type { SentMessage } from "./recorded-history.js";

/** Fields of the API that describe the content and do not belong to it. */
const IGNORED_FIELDS: ReadonlySet<string> = new Set(["__typename"]);
const ISO_TIME = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)\b/g;

/** A text of a content, with the path to it. */
interface ContentField {
  path: string;
  text: string;
}

/** A URL that may contain generated IDs: a link that is tracked, an image that is, or a link to unsubscribe. */
const URL_WITH_IDS = /https?:\/\/(?:[^\s"'<>)\]]|<id>)*/g;

/** Which differences between two runs of the same trigger are ignored. */
export interface NormalizationOptions {
  /** Milliseconds by which a time may differ from that of its message. */
  tolerance: number;
  /** Whether URLs with generated IDs are equal, although each target has its own host for them. */
  ignoresGeneratedUrls?: boolean;
}

/**
 * Returns a function that replaces what differs between two runs of the same trigger: the generated IDs, and times that
 * are within `tolerance` milliseconds of the message's own.
 */
function createNormalizer(
  { id, workflowRunId, recipientRunId, at }: SentMessage,
  { tolerance, ignoresGeneratedUrls }: NormalizationOptions,
): (text: string) => string {
  const ids = [id, workflowRunId, recipientRunId];
  return (text) => {
    const withoutIds = ids.reduce((rest, generated) => rest.replaceAll(generated, "<id>"), text);
    const withoutUrls = ignoresGeneratedUrls
      ? withoutIds.replace(URL_WITH_IDS, (url) => (url.includes("<id>") ? "<url>" : url))
      : withoutIds;
    return withoutUrls.replace(ISO_TIME, (time) => (Math.abs(Date.parse(time) - at) <= tolerance ? "<time>" : time));
  };
}

function collectFields(value: Json, path: string, normalize: (text: string) => string): ContentField[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectFields(item, `${path}[${index}]`, normalize));
  if (isJsonObject(value))
    return (
      Object.entries(value)
        // A block contains its template next to the text that the recipient sees.
        .filter(([key]) => !IGNORED_FIELDS.has(key) && !(key === "content" && "rendered" in value))
        .flatMap(([key, child]) => collectFields(child, path === "" ? key : `${path}.${key}`, normalize))
    );
  // A field that is null or empty is the same as one that is absent.
  if (value === null || value === "") return [];
  return [{ path, text: normalize(typeof value === "string" ? value : JSON.stringify(value)) }];
}

/** Returns the texts of a message's content, without what differs between two runs of the same trigger. */
export function listContentFields(message: SentMessage, options: NormalizationOptions): ContentField[] {
  return collectFields(message.content, "", createNormalizer(message, options));
}
