import { isJsonObject, type JsonObject } from "../util/json.js";
import type { EmailProblem } from "./check-email.js";

/** The parts of the package `caniemail` that are used. */
export interface CanIEmail {
  caniemail(options: { clients: string[]; html: string }): {
    issues: { errors: ReadonlyMap<string, readonly { title: string }[]> };
  };
  rawData: { nicenames: JsonObject };
}

/** The clients that open most emails, as globs of the package, whose data has 48 clients. */
const MAJOR_CLIENTS = [
  "apple-mail.*",
  "gmail.{desktop-webmail,ios,android}",
  "outlook.{windows,outlook-com,macos,ios,android}",
  "samsung-email.*",
  "yahoo.*",
];

/**
 * Features that every email has, and those that readers do not miss in a client that ignores them. The built-in layout has
 * `word-break`, as the service's.
 */
const HARMLESS =
  /^<(?:html|head|body)> element$|^(?:aria-[\w-]+|role|lang|target|rel) attribute$| meta tag$|^word-break$/;

/** Returns the display name of a family of clients or of a platform, from the package. */
function getName(nicenames: JsonObject, kind: "family" | "platform", key: string): string {
  const names = nicenames[kind];
  const name = isJsonObject(names) ? names[key] : undefined;
  return typeof name === "string" ? name : key;
}

/** Formats clients such as `gmail.ios` as text: "Gmail (Android, iOS) and Outlook (Windows)". */
function formatClients(clients: readonly string[], nicenames: JsonObject): string {
  const platforms = new Map<string, string[]>();
  for (const client of clients) {
    const [family = "", platform = ""] = client.split(".");
    const name = getName(nicenames, "family", family);
    platforms.set(name, [...(platforms.get(name) ?? []), getName(nicenames, "platform", platform)]);
  }
  const families = [...platforms].map(([family, found]) => `${family} (${found.join(", ")})`);
  return families.length === 1 ? families.join() : `${families.slice(0, -1).join(", ")} and ${families.at(-1)}`;
}

/**
 * Returns the features of HTML and CSS in an email that major clients do not support at all: one problem for the features that
 * the same clients do not support.
 */
export function findUnsupportedFeatures(html: string, { caniemail, rawData }: CanIEmail): EmailProblem[] {
  const { errors } = caniemail({ clients: MAJOR_CLIENTS, html }).issues;
  const clients = new Map<string, Set<string>>();
  for (const [client, issues] of errors)
    for (const { title } of issues)
      if (!HARMLESS.test(title)) clients.set(title, (clients.get(title) ?? new Set()).add(client));
  const titles = new Map<string, string[]>();
  for (const [title, found] of [...clients].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const names = formatClients([...found].sort(), rawData.nicenames);
    titles.set(names, [...(titles.get(names) ?? []), title]);
  }
  return [...titles].map(([names, found]) => ({
    code: "email_unsupported_feature",
    message: `uses HTML or CSS without support in ${names}: ${found.join(", ")}`,
  }));
}
