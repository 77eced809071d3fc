// Stands in until the part of the store that claims and advances runs exists.
import type { Claim } from "../../../ports/due-store.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";
export async function hasDueWork(_db: Connection, _t: string, _c: Claim): Promise<boolean> {
  return true;
}
export async function leaseDueRows(_tx: Transaction, _t: string, _c: Claim, _l: number): Promise<number[]> {
  return [];
}
