import * as rules from "../../../domain/recipient/write-recipient-part.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { ChannelDataWrite, PreferenceWrite, WrittenChannelData } from "../../../ports/recipient-store.js";
import type { Connection } from "../connection/connection.js";
import { changeRecipient } from "./recipients.js";

function recipientExists(db: Connection, key: string): boolean {
  return db.get("SELECT 1 FROM recipients WHERE key = ?", key) !== undefined;
}

export function writePreferenceSets(db: Connection, writes: readonly PreferenceWrite[], at: number): CausedWork {
  return db.writeAndCollect(() => {
    for (const write of writes) {
      if (write.set === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => rules.writePreferenceSet(before, write));
    }
  }).caused;
}

export function writeChannelData(db: Connection, writes: readonly ChannelDataWrite[], at: number): WrittenChannelData {
  const { result: replaced, caused } = db.writeAndCollect(() => {
    let count = 0;
    for (const write of writes) {
      if (write.data === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => {
        if (before !== null && Object.hasOwn(before.channel_data, write.channel_id)) count++;
        return rules.writeChannelData(before, write);
      });
    }
    return count;
  });
  return { replaced, caused };
}
