import { type DataFilter, PersonalDataFilter } from "../../comparison/personal-data-filter.js";
import { collectPersonalValues } from "../../comparison/personal-values.js";
import type { ReplaySource } from "../../comparison/trigger-sources.js";
import { type RecipientKey, type RecipientUpsert, toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import { hashSha256 } from "../../util/hash.js";
import type { JsonObject } from "../../util/json.js";
import { randomBytes } from "../../util/random.js";
import type { SampleComparison } from "./build-differences.js";
import type { ReviewSide } from "./sides.js";

const PSEUDONYM_KEY_BYTES = 32;

function collectKeys(samples: readonly SampleComparison[]): Set<RecipientKey> {
  const keys = new Set<RecipientKey>();
  for (const { messages, runs } of samples.flatMap(({ before, after }) => [before, after])) {
    for (const { recipient } of messages) keys.add(toRecipientKey(recipient));
    for (const { recipient } of runs) keys.add(recipient);
  }
  return keys;
}

/** Returns a sample of a store whose report contains pseudonyms. The key is new each time, so that they cannot be computed. */
export async function hidePeople(
  sample: SampleComparison,
  { history, readRecipients }: ReplaySource,
): Promise<SampleComparison> {
  if (readRecipients === undefined) return sample;
  const keys = collectKeys([sample]);
  const data = history.triggers.map(({ trigger }) => trigger.payload);
  const values = collectPersonalValues(keys, await readRecipients([...keys]), data);
  return { ...sample, filter: new PersonalDataFilter(values, randomBytes(PSEUDONYM_KEY_BYTES)) };
}

/** Collects what identifies people in the samples, so that comments contain pseudonyms. */
export async function createCommentFilter(
  sides: readonly ReviewSide[],
  samples: readonly SampleComparison[],
  data: readonly JsonObject[],
  secret: string,
): Promise<DataFilter> {
  const keys = collectKeys(samples);
  const recipients: RecipientUpsert[] = [];
  for (const { project } of sides) {
    try {
      for (const seed of await project.readChangedRecipients(new Map())) recipients.push(...seed.recipients);
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
    }
  }
  for (const { key } of recipients) keys.add(key);
  // Properties of scenarios and triggers are read as those of users, because they identify recipients inline.
  const inline = data.map((properties) => ({ key: toRecipientKey("(inline)"), properties }));
  // The names are in the repository, so the key only has to give them the same pseudonyms in each comment.
  return new PersonalDataFilter(collectPersonalValues(keys, [...recipients, ...inline], [...data]), hashSha256(secret));
}
