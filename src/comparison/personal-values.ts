import { type RecipientKey, type RecipientUpsert, splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { ValueKind } from "./pseudonyms.js";

/** A value that identifies a person. */
export interface PersonalValue {
  kind: ValueKind;
  text: string;
}

const EMAIL = /^[^\s@]+@[^\s@][^\s@.]*\.[^\s@]+$/;
const PHONE = /^\+?\d[\d\s().-]{6,}\d$/;
/** The kinds of values by the names of their properties, the most specific first. */
const KINDS_BY_PROPERTY: readonly [pattern: RegExp, kind: ValueKind][] = [
  [/e-?mail/i, "email_address"],
  [/phone|mobile/i, "phone"],
  [/avatar|photo|picture/i, "url"],
  [/token|secret|passw|passphrase|credential|cookie|^(authorization|otp|pin)$/i, "token"],
  [/(api|access|private|secret|signing|auth)[\s_-]?key|(one[\s_-]?time|verification|reset|login)[\s_-]?code/i, "token"],
];
/** Names of properties such as `nickname`, `lastName` and `family_name`, and those whose values are parts of a name or address. */
const NAME_PROPERTY = /name$|^(address|street|nick|alias|handle|login|initials)$/i;
/** Matches properties that contain names of people in any object, while a `name` in trigger data can be the name of a page. */
const PERSON_NAME = /(first|last|middle|given|family|maiden|nick|sur|full|user)[\s_-]?name$/i;
/** Properties of an object that is a name, such as `{ "first": "Ada", "last": "Lovelace" }`. */
const NAME_PART = /^(first|given|middle|last|family|full|preferred)$/i;

function findKind(property: string, text: string, isUser: boolean): ValueKind | null {
  if (EMAIL.test(text)) return "email_address";
  for (const [pattern, kind] of KINDS_BY_PROPERTY) if (pattern.test(property)) return kind;
  if (isUser && NAME_PROPERTY.test(property)) return "name";
  return isUser && PHONE.test(text) && text.startsWith("+") ? "phone" : null;
}

/** Returns whether the value of a property is a secret, also outside of recipients. */
export function isSecretProperty(property: string): boolean {
  return KINDS_BY_PROPERTY.some(([pattern, kind]) => kind === "token" && pattern.test(property));
}

function collectFromProperties(value: Json, property: string, isUser: boolean): PersonalValue[] {
  if (Array.isArray(value)) return value.flatMap((item) => collectFromProperties(item, property, isUser));
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([name, child]) => {
      const isNamePart = NAME_PROPERTY.test(property) && NAME_PART.test(name);
      return collectFromProperties(child, isNamePart ? property : name, isUser);
    });
  if (typeof value !== "string" && typeof value !== "number") return [];
  const text = String(value).trim();
  const kind = findKind(property, text, isUser);
  return kind === null || text === "" ? [] : [{ kind, text }];
}

/** Fields of a device that many people share, and that decide about its messages. */
const SHARED_FIELDS: ReadonlySet<string> = new Set(["locale", "timezone"]);

/** Returns all texts of channel data, such as device tokens and addresses of webhooks. */
function collectTokens(value: Json): PersonalValue[] {
  if (Array.isArray(value)) return value.flatMap(collectTokens);
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([name, child]) => (SHARED_FIELDS.has(name) ? [] : collectTokens(child)));
  return typeof value === "string" && value.length > 4 ? [{ kind: "token", text: value }] : [];
}

/** Returns the personal values of trigger data: names of people, phone numbers and secrets, by the names of their properties. */
function collectFromData(value: Json, property: string): PersonalValue[] {
  if (Array.isArray(value)) return value.flatMap((item) => collectFromData(item, property));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([name, child]) => collectFromData(child, name));
  if (typeof value !== "string") return [];
  const text = value.trim();
  if (isSecretProperty(property)) return text.length > 4 ? [{ kind: "token", text }] : [];
  if (/phone|mobile/i.test(property) && PHONE.test(text)) return [{ kind: "phone", text }];
  return PERSON_NAME.test(property) && text !== "" ? [{ kind: "name", text }] : [];
}

/** Returns the words of a name, because texts often contain only one of them. */
function splitName({ kind, text }: PersonalValue): PersonalValue[] {
  if (kind === "email_address") {
    const [local = ""] = text.split("@");
    return [{ kind, text }, ...(local.length > 2 ? [{ kind: "name" as const, text: local }] : [])];
  }
  if (kind === "phone") {
    const digits = text.replace(/\D/g, "");
    return [
      { kind, text },
      ...(digits.length > 6
        ? [
            { kind, text: digits },
            { kind, text: `+${digits}` },
          ]
        : []),
    ];
  }
  if (kind !== "name") return [{ kind, text }];
  const words = text.split(/[\s,]+/).map((word) => word.replace(/^\p{P}+|(?<!\p{P})\p{P}+$/gu, ""));
  const found = words.filter((word) => word.length > 1 || words.length === 1);
  return (found.length === 0 ? [text] : found).map((word) => ({ kind, text: word }));
}

/**
 * Returns the values that identify people: IDs of users, the names, addresses, phone numbers and tokens of recipients,
 * and values of trigger data that its property names mark as personal.
 */
export function collectPersonalValues(
  keys: Iterable<RecipientKey>,
  recipients: readonly Pick<RecipientUpsert, "key" | "properties" | "channel_data">[],
  data: readonly JsonObject[] = [],
): PersonalValue[] {
  const isUser = (key: RecipientKey): boolean => splitRecipientKey(key).collection === USERS;
  const ids = [...keys].filter(isUser).map((key) => splitRecipientKey(key).id);
  return [
    ...ids.map((id): PersonalValue => ({ kind: EMAIL.test(id) ? "email_address" : "id", text: id })),
    ...recipients.flatMap(({ key, properties, channel_data = {} }) => [
      ...collectFromProperties(properties, "", isUser(key)).flatMap(splitName),
      ...collectTokens(channel_data),
    ]),
    ...data.flatMap((item) => collectFromData(item, "")).flatMap(splitName),
  ];
}
