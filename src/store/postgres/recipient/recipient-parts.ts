import * as rules from "../../../domain/recipient/write-recipient-part.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { ChannelDataWrite, PreferenceWrite, WrittenChannelData } from "../../../ports/recipient-store.js";
import type { Transaction } from "../connection/transaction.js";
import { type RecipientChange, writeRecipients } from "./recipients.js";

export async function writePreferenceSets(
  tx: Transaction,
  writes: readonly PreferenceWrite[],
  at: number,
): Promise<CausedWork> {
  const changes = writes.map(
    (write): RecipientChange => ({
      key: write.recipient,
      change: (before) => (before === null && write.set === null ? null : rules.writePreferenceSet(before, write)),
    }),
  );
  await writeRecipients(tx, changes, at);
  return tx.getCausedWork();
}

/** Writes channel data, and returns how many entries existed before. */
export async function writeChannelData(
  tx: Transaction,
  writes: readonly ChannelDataWrite[],
  at: number,
): Promise<WrittenChannelData> {
  const changes = writes.map(
    (write): RecipientChange => ({
      key: write.recipient,
      change: (before) => (before === null && write.data === null ? null : rules.writeChannelData(before, write)),
    }),
  );
  const before = await writeRecipients(tx, changes, at);
  const replaced = writes.filter(({ channel_id }, index) => {
    const recipient = before[index];
    return recipient != null && Object.hasOwn(recipient.channel_data, channel_id);
  }).length;
  return { replaced, caused: tx.getCausedWork() };
}
