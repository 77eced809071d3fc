// Stands in until the part of the store that claims and advances runs exists.
import type { PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { Transaction } from "../connection/transaction.js";
import type { SharedRows } from "../run/shared-rows.js";
export async function insertTriggers(_tx: Transaction, _s: SharedRows, _t: readonly PendingTrigger[]): Promise<void> {}
