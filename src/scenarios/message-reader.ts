import { load } from "cheerio";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { MessageReader } from "./check-messages.js";
import type { ObservedMessage } from "./observed.js";
import type { Snapshots } from "./snapshots.js";

const collapseSpace = (text: string): string => text.replace(/\s+/g, " ").trim();

const toPlainText = (html: string): string => collapseSpace(load(html).text());

/** Returns the HTML of a message: of an email, or of an in-app message without its action URL. Empty for other channels. */
export function readHtml({ content }: ObservedMessage): string {
  if (typeof content.html_body === "string") return content.html_body;
  if (!Array.isArray(content.blocks)) return "";
  return content.blocks
    .filter(isJsonObject)
    .filter(({ name }) => name !== "action_url")
    .map(({ rendered }) => (typeof rendered === "string" ? rendered : ""))
    .join("\n");
}

/** Returns the text of a chat message; undefined for other channels, and for a message in the provider's JSON. */
function readChatText({ content: { template } }: ObservedMessage): string | undefined {
  if (!isJsonObject(template) || !Array.isArray(template.blocks)) return undefined;
  const texts = template.blocks.filter(isJsonObject).map(({ content }) => (typeof content === "string" ? content : ""));
  return texts.join("\n").trim();
}

/** Returns the JSON body of a webhook as text; undefined for other messages. */
function readJsonBody({ content: { body } }: ObservedMessage): string | undefined {
  return typeof body === "object" && body !== null ? JSON.stringify(body) : undefined;
}

/** Returns the first of several fields that is text. */
function readField({ content }: ObservedMessage, names: readonly string[]): string | undefined {
  for (const name of names) if (typeof content[name] === "string") return content[name];
  return undefined;
}

/** Returns a reader of message contents, whose snapshots belong to one scenario. */
export function createMessageReader(scenario: string, snapshots: Snapshots): MessageReader {
  const previousContents = new Map<string, JsonObject>();
  return {
    readSubject: (message): Json | undefined => readField(message, ["subject_line", "title"]),
    readText: (message) =>
      readField(message, ["text_body", "body"]) ??
      readJsonBody(message) ??
      readChatText(message) ??
      toPlainText(readHtml(message)),
    hasHtml: (message) => readHtml(message) !== "",
    selectTexts(message, selector) {
      const document = load(readHtml(message));
      try {
        return document(selector)
          .toArray()
          .map((element) => collapseSpace(document(element).text()));
      } catch (error) {
        throw new KnockError("scenario_invalid", `"${selector}" is not a CSS selector: ${getErrorMessage(error)}`);
      }
    },
    compareSnapshot(message, name) {
      const { difference, previous } = snapshots.compare(scenario, name, message.content);
      if (previous !== null) previousContents.set(message.id, previous);
      return difference;
    },
    readPreviousContent: ({ id }) => previousContents.get(id) ?? null,
  };
}
