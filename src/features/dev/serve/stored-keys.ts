import { createHash, randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import { textField, timeField, timeOrNull } from "../../../domain/schema/output-fields.js";
import { KnockError } from "../../../errors/knock-error.js";
import type { StoreControl } from "../../../ports/store-control.js";
import { didYouMean } from "../../../util/find-nearest.js";
import { toIsoTime } from "../../../util/iso-time.js";

type KeyStore = Pick<StoreControl, "readText" | "replaceText">;

/** The name of the text in which the store has all keys. */
const NAME = "api-keys";
const KEY_KINDS = ["secret", "public"] as const;
type KeyKind = (typeof KEY_KINDS)[number];

/** A key without its secret. */
export const keySchema = z.object({
  id: textField("The ID of the key, which access logs contain."),
  name: textField("The name that was given to it."),
  kind: described(z.enum(KEY_KINDS), "The kind: secret for servers, public for pages and apps."),
  environment: textField("The name of the environment whose API accepts it."),
  ending: textField("The last characters of the key."),
  created_at: timeField("When the key was created or last rotated."),
  previous_valid_until: timeOrNull("When the key before the last rotation expires, or null."),
  revoked_at: timeOrNull("When the key was revoked, or null."),
});
export type KeyView = z.infer<typeof keySchema>;

/** A stored key. Only digests of its secret are stored. */
interface StoredKey extends KeyView {
  digest: string;
  previous_digest: string | null;
}

const ENDING_CHARACTERS = 4;
/** 32 random bytes cannot be guessed, so that a fast digest is enough. */
const KEY_BYTES = 32;

export const digestKey = (key: string): string => createHash("sha256").update(key).digest("hex");

export const toKeyView = ({ digest: _, previous_digest: __, ...view }: StoredKey): KeyView => view;

/** Returns a new key. Its prefix says whether it is of a test environment, as the service's keys do. */
function createKey(kind: KeyKind, environment: string): string {
  const prefix = kind === "secret" ? "sk" : "pk";
  const test = environment === "production" ? "" : "test_";
  return `${prefix}_${test}${randomBytes(KEY_BYTES).toString("base64url")}`;
}

const parseKeys = (text: string | null): StoredKey[] => (text === null ? [] : (JSON.parse(text) as StoredKey[]));

export async function readStoredKeys(store: KeyStore): Promise<StoredKey[]> {
  return parseKeys(await store.readText(NAME));
}

/** Changes the keys. The change is made again if another process has changed them since they were read. */
async function changeKeys<T>(store: KeyStore, change: (keys: StoredKey[]) => T): Promise<T> {
  for (;;) {
    const before = await store.readText(NAME);
    const keys = parseKeys(before);
    const result = change(keys);
    if (await store.replaceText(NAME, before, JSON.stringify(keys))) return result;
  }
}

/** A key with its secret, which is shown once. */
interface IssuedKey {
  key: string;
  view: KeyView;
}

export function createStoredKey(
  store: KeyStore,
  { name, kind, environment }: { name: string; kind: KeyKind; environment: string },
  now: number,
): Promise<IssuedKey> {
  const key = createKey(kind, environment);
  return changeKeys(store, (keys) => {
    const stored: StoredKey = {
      id: `key_${randomBytes(6).toString("hex")}`,
      name,
      kind,
      environment,
      ending: key.slice(-ENDING_CHARACTERS),
      created_at: toIsoTime(now),
      previous_valid_until: null,
      revoked_at: null,
      digest: digestKey(key),
      previous_digest: null,
    };
    keys.push(stored);
    return { key, view: toKeyView(stored) };
  });
}

/** Throws `resource_missing` for an unknown key, and `conflict` for one that was revoked. */
function findKey(keys: readonly StoredKey[], id: string): StoredKey {
  const found = keys.find((key) => key.id === id);
  if (found === undefined)
    throw new KnockError("resource_missing", `there is no key "${id}"`, {
      hint: didYouMean(
        id,
        keys.map((key) => key.id),
        "Keys",
      ),
    });
  if (found.revoked_at === null) return found;
  throw new KnockError("conflict", `the key "${id}" was revoked at ${found.revoked_at}`, {
    hint: "Run `knock keys create` to create another one.",
  });
}

/**
 * Replaces the secret of a key. The previous one stays valid for a time. Of two rotations at once, the second one throws `conflict`,
 * because the key that it replaces would have been valid for a moment only.
 */
export async function rotateStoredKey(
  store: KeyStore,
  id: string,
  { validForMs, now }: { validForMs: number; now: number },
): Promise<IssuedKey> {
  const { digest } = findKey(await readStoredKeys(store), id);
  return changeKeys(store, (keys) => {
    const stored = findKey(keys, id);
    if (stored.digest !== digest)
      throw new KnockError("conflict", `another process has rotated the key "${id}" at the same time`, {
        hint: "Use its key, or rotate again.",
      });
    const key = createKey(stored.kind, stored.environment);
    stored.previous_digest = validForMs === 0 ? null : stored.digest;
    stored.previous_valid_until = validForMs === 0 ? null : toIsoTime(now + validForMs);
    stored.digest = digestKey(key);
    stored.ending = key.slice(-ENDING_CHARACTERS);
    stored.created_at = toIsoTime(now);
    return { key, view: toKeyView(stored) };
  });
}

export function revokeStoredKey(store: KeyStore, id: string, now: number): Promise<KeyView> {
  return changeKeys(store, (keys) => {
    const stored = findKey(keys, id);
    stored.revoked_at = toIsoTime(now);
    return toKeyView(stored);
  });
}
