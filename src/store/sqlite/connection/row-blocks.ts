import type { Connection } from "./connection.js";

/** The rows of a block. */
const BLOCK_ROWS = 256;
/** Limits the remembered values of a column. A store may have any number of tenants. */
const MAX_VALUES = 1_000;

/** The columns whose blocks are recorded, each with few different values. */
type BlockedColumn =
  | "messages.status"
  | "messages.channel"
  | "messages.workflow"
  | "messages.tenant"
  | "messages.engagement"
  | "runs.status"
  | "runs.errors"
  | "runs.workflow"
  | "runs.tenant";

/** The order in which a page is read. */
export type PageDirection = "older" | "newer";

/** A query for the nearest row with a value, up to or from a row. */
type SelectRow = Record<PageDirection, string>;

interface PassingValues {
  values: ReadonlySet<string>;
  select: SelectRow;
}

function createPassingValues(table: string, values: readonly string[]): PassingValues {
  // The first condition is that of the index, which SQLite uses only for the same text.
  const where = `FROM ${table} WHERE status IN ('${values.join("', '")}') AND status = ?`;
  return {
    values: new Set(values),
    select: { older: `SELECT MAX(row) ${where} AND row <= ?`, newer: `SELECT MIN(row) ${where} AND row >= ?` },
  };
}

/**
 * The values that rows have only for a while. Their blocks would soon contain no such row, so an index finds the rows instead.
 */
const PASSING_VALUES: { readonly [column in BlockedColumn]?: PassingValues } = {
  "messages.status": createPassingValues("messages", ["queued", "delivery_attempted"]),
  "runs.status": createPassingValues("recipient_runs", ["queued", "processing", "paused"]),
};

/** Finds blocks that may contain rows of a list. */
export interface BlockSource {
  /** Returns the nearest block from `block` on, in a direction, or null. */
  findNext(block: number, direction: PageDirection): number | null;
}

export function getBlock(row: number): number {
  return Math.floor(row / BLOCK_ROWS);
}

/** Returns the first and the last row of a block. */
export function getBlockBounds(block: number): [first: number, last: number] {
  return [block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS - 1];
}

/**
 * Records which blocks of rows contain a value of a column, as a block range index does. An index of the column would contain
 * each row and cost 3 to 5 % of an insert; this has one row per value and block. A block may no longer contain a recorded value:
 * records are never deleted, so that each process can remember which exist. {@link PASSING_VALUES} are not recorded.
 */
export class RowBlocks {
  private readonly lastBlocks = new Map<BlockedColumn, Map<string, number>>();

  constructor(private readonly db: Connection) {
    db.onRollback(() => this.lastBlocks.clear());
  }

  /** Records that a row has a value. Must run inside the write that inserts or changes the row. */
  record(column: BlockedColumn, value: string | null, row: number): void {
    if (value === null || PASSING_VALUES[column]?.values.has(value)) return;
    let blocks = this.lastBlocks.get(column);
    if (blocks === undefined || blocks.size > MAX_VALUES) {
      blocks = new Map();
      this.lastBlocks.set(column, blocks);
    }
    const block = getBlock(row);
    if (blocks.get(value) === block) return;
    this.db.run("INSERT OR IGNORE INTO row_blocks (name, value, block) VALUES (?, ?, ?)", column, value, block);
    blocks.set(value, block);
  }
}

const SELECT_NEXT: Record<PageDirection, string> = {
  older: "SELECT MAX(block) FROM row_blocks WHERE name = ? AND value = ? AND block <= ?",
  newer: "SELECT MIN(block) FROM row_blocks WHERE name = ? AND value = ? AND block >= ?",
};

/** Returns the nearest of blocks in a direction; null without blocks. */
function selectNearest(blocks: readonly number[], direction: PageDirection): number | null {
  if (blocks.length === 0) return null;
  return direction === "older" ? Math.max(...blocks) : Math.min(...blocks);
}

/** Returns the blocks in which a column has a value. */
function createValueSource(db: Connection, column: BlockedColumn, value: string): BlockSource {
  const passing = PASSING_VALUES[column];
  if (passing?.values.has(value)) return createIndexSource(db, passing.select, value);
  return {
    findNext: (block, direction) =>
      db.getList<[number | null]>(SELECT_NEXT[direction], column, value, block)?.[0] ?? null,
  };
}

/** Returns the blocks that any of the sources contains. */
function createUnion(sources: readonly BlockSource[]): BlockSource {
  return {
    findNext(block, direction) {
      const found = sources.map((source) => source.findNext(block, direction));
      return selectNearest(
        found.filter((one) => one !== null),
        direction,
      );
    },
  };
}

/** Returns the blocks of rows that an index finds. `select` binds a value and a row, up to or from which it searches. */
function createIndexSource(db: Connection, select: SelectRow, value: string): BlockSource {
  return {
    findNext(block, direction) {
      const [first, last] = getBlockBounds(block);
      const row = db.getList<[number | null]>(select[direction], value, direction === "older" ? last : first)?.[0];
      return row == null ? null : getBlock(row);
    },
  };
}

/** Collects where the rows are that match the filters that are set. */
export class BlockSources {
  readonly sources: BlockSource[] = [];

  constructor(private readonly db: Connection) {}

  /** Adds the blocks of a value that an index finds. Adds nothing if it is undefined. */
  addIndexed(select: SelectRow, value: string | undefined): this {
    if (value !== undefined) this.sources.push(createIndexSource(this.db, select, value));
    return this;
  }

  /** Adds a source. Adds nothing if it is null. */
  addSource(source: BlockSource | null): this {
    if (source !== null) this.sources.push(source);
    return this;
  }

  /** Adds the blocks with any of the values. Adds nothing if there is no list. */
  addValues(column: BlockedColumn, values: readonly string[] | undefined): this {
    if (values !== undefined)
      this.sources.push(createUnion(values.map((value) => createValueSource(this.db, column, value))));
    return this;
  }

  /** Adds the blocks with a value. Adds nothing if it is undefined. */
  addValue(column: BlockedColumn, value: string | undefined): this {
    return this.addValues(column, value === undefined ? undefined : [value]);
  }
}

/** Yields the blocks that all sources contain, from `start` on. */
export function* listCommonBlocks(
  sources: readonly BlockSource[],
  start: number,
  direction: PageDirection,
): Generator<number> {
  for (let block = start; ; ) {
    const found = sources.map((source) => source.findNext(block, direction));
    // No block between here and the farthest of them is in all sources.
    const farthest = found.includes(null)
      ? null
      : selectNearest(found as number[], direction === "older" ? "newer" : "older");
    if (farthest === null) return;
    if (found.every((one) => one === farthest)) {
      yield farthest;
      block = farthest + (direction === "older" ? -1 : 1);
    } else block = farthest;
  }
}
