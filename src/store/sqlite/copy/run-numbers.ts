import type { StoredRow, StoredTable } from "../../../ports/store-tables.js";

const FIRST_CAPACITY = 1 << 12;

/**
 * Numbers recipient runs from 1 without gaps, in the same order, and changes the rows that refer to them. The index of their ids
 * is divided into blocks of rows, all of which a lookup searches, and PostgreSQL leaves large gaps. A reference to a run that
 * does not exist becomes 0.
 */
export class RunNumbers {
  /** The old rows in order. The new row is the position plus 1. */
  private rows = new Float64Array(FIRST_CAPACITY);
  private count = 0;

  renumber({ name, columns, recipientRunRows }: StoredTable, rows: readonly StoredRow[]): readonly StoredRow[] {
    if (recipientRunRows.length === 0) return rows;
    if (name === "recipient_runs") for (const [row] of rows) this.add(row as number);
    const positions = recipientRunRows.map((column) => columns.indexOf(column));
    return rows.map((row) => {
      const changed = [...row];
      for (const position of positions)
        if (typeof changed[position] === "number") changed[position] = this.find(changed[position]);
      return changed;
    });
  }

  private add(row: number): void {
    if (this.count === this.rows.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.rows[this.count++] = row;
  }

  private find(row: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] as number) < row) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.rows[low] === row ? low + 1 : 0;
  }
}
