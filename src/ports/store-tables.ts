import type { ClockSetting } from "./clock-store.js";

/** A value of a row. Times and row numbers are numbers. */
export type StoredValue = string | number | null;
export type StoredRow = readonly StoredValue[];

/** A table of a store, with the columns that every kind of store has. */
export interface StoredTable {
  name: string;
  columns: readonly string[];
  /** The columns that identify a row. Rows are read in their order. */
  key: readonly string[];
  /** The columns that contain the row of a recipient run. */
  recipientRunRows: readonly string[];
}

/** The tables of a store in one state, which no one else changes. */
export interface TableSource {
  countRows(table: StoredTable): Promise<number>;
  /** Yields the rows of a table in order of its key, in groups. */
  readRows(table: StoredTable): AsyncIterable<readonly StoredRow[]>;
  readClock(): Promise<ClockSetting>;
}

/** The tables of an empty store that are being filled in one transaction. */
export interface TableTarget extends TableSource {
  /** Appends rows, and returns them as they can be read again: a kind of store may need other row numbers or keys. */
  writeRows(table: StoredTable, rows: readonly StoredRow[]): Promise<readonly StoredRow[]>;
  /** Throws `not_supported` if the store cannot have this clock. */
  writeClock(clock: ClockSetting): Promise<void>;
  /** Fills the tables and columns that only this kind of store has. Called after the last row. */
  deriveRest(): Promise<void>;
}

/** Access to all tables of a store, to copy them. Close it after use. */
export interface StoreTables {
  /** The location without a password. */
  readonly location: string;
  /** Reads the tables, and changes nothing. Throws `conflict` if a process uses the store. */
  read<T>(work: (source: TableSource) => Promise<T>): Promise<T>;
  /** Fills the tables in one transaction. Throws `conflict` if the store is not empty. */
  write<T>(work: (target: TableTarget) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
