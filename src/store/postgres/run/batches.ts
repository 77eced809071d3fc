// Stands in until the part of the store that claims and advances runs exists.
import type { Transaction } from "../connection/transaction.js";
export async function closeBatches(_tx: Transaction, _runs: readonly { batch: number | null }[]): Promise<void> {}
