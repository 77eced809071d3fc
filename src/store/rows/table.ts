import type { StoredTable } from "../../ports/store-tables.js";
import { getKnown } from "../../util/get-known.js";
import { type JsonText, stringify } from "./json-column.js";
import type { ValueCheck } from "./value-checks.js";

export type ColumnValue = string | number | null;

/** The types of PostgreSQL. In SQLite, all numbers are INTEGER. JSON is stored as text. */
type BaseType = "text" | "json" | "bigint" | "integer" | "smallint";
/** The type of a column. With a question mark, the column may be null. */
type ColumnType = BaseType | `${BaseType}?`;

interface ColumnDescription {
  type: ColumnType;
  /** Checks the value of JSON text. */
  check?: ValueCheck;
  /** The only texts that the column contains. */
  values?: readonly string[];
}

/** A column that contains a field of an item. By default, it has the name of the field, and its value or its JSON text. */
interface FieldDescription<Item> extends ColumnDescription {
  field?: keyof Item & string;
  /** Whether the field of an item can change. */
  isMutable?: boolean;
  encode?(item: Item): ColumnValue;
  decode?(stored: never, row: Readonly<Record<string, ColumnValue>>): unknown;
}

export interface Column {
  readonly name: string;
  /** The type in PostgreSQL. */
  readonly type: string;
  readonly isJson: boolean;
  readonly check: ValueCheck | undefined;
  readonly values: readonly string[] | undefined;
}

/** A column that is written from a field of an item and read into it. */
export interface FieldColumn<Item> extends Column {
  readonly field: string;
  readonly isMutable: boolean;
  encode(item: Item): ColumnValue;
  decode(stored: ColumnValue, row: Readonly<Record<string, ColumnValue>>): unknown;
}

type StoredType<Type extends ColumnType> =
  | (Type extends "text" | "text?" | "json" | "json?" ? string : number)
  | (Type extends `${string}?` ? null : never);

type TypeOf<Description> = Description extends { type: infer Type extends ColumnType }
  ? Type
  : Description extends ColumnType
    ? Description
    : never;

type OtherRowOf<Columns> = { -readonly [Name in keyof Columns]: StoredType<TypeOf<Columns[Name]>> };

/** The field of an item that a column contains. */
type FieldOf<Name, Description> = Description extends { field: infer Field } ? Field : Name;

/** The type of a column of an item: the result of `encode`, or the value or the JSON text of the field. */
type FieldType<Item, Field, Description> = Description extends { encode(item: Item): infer Stored }
  ? Stored
  : Field extends keyof Item
    ? TypeOf<Description> extends "json" | "json?"
      ? JsonText<NonNullable<Item[Field]>> | Extract<Item[Field] | StoredType<TypeOf<Description>>, null>
      : Extract<Item[Field], ColumnValue>
    : never;

type FieldRowOf<Item, Columns> = {
  -readonly [Name in keyof Columns]: FieldType<Item, FieldOf<Name, Columns[Name]>, Columns[Name]>;
};

/** A table whose rows are items, such as recipient runs. */
interface Table<Item, Row = never> extends StoredTable {
  readonly columnsByName: ReadonlyMap<string, Column>;
  /** The columns that are written from an item, in order. The store gives the values of the others. */
  readonly fields: readonly FieldColumn<Item>[];
  /** The columns of fields that can change. */
  readonly mutableFields: readonly FieldColumn<Item>[];
  /** Absent: only its type is used, by {@link RowOf}. */
  readonly row?: Row;
}

/** A row of a table with all columns that `selectColumns` selects. */
export type RowOf<Described extends { readonly row?: unknown }> = NonNullable<Described["row"]>;

function toColumn(name: string, description: ColumnDescription | ColumnType): Column {
  const { type, check, values } = typeof description === "string" ? { type: description } : description;
  const base = type.replace("?", "");
  return { name, type: base === "json" ? "text" : base, isJson: base === "json", check, values };
}

function toFieldColumn<Item>(name: string, description: FieldDescription<Item>): FieldColumn<Item> {
  const column = toColumn(name, description);
  const field = (description.field ?? name) as keyof Item & string;
  const encodeJson = (item: Item): ColumnValue => (item[field] == null ? null : stringify(item[field]));
  const encodeValue = (item: Item): ColumnValue => (item[field] ?? null) as ColumnValue;
  const decodeJson = (stored: ColumnValue): unknown => (stored === null ? null : JSON.parse(String(stored)));
  return {
    ...column,
    field,
    isMutable: description.isMutable ?? false,
    encode: description.encode ?? (column.isJson ? encodeJson : encodeValue),
    decode: (description.decode as FieldColumn<Item>["decode"]) ?? (column.isJson ? decodeJson : (stored) => stored),
  };
}

interface TableOptions {
  /** Default: `row`. */
  key?: readonly string[];
  recipientRunRows?: readonly string[];
}

/**
 * Returns a function that describes a table by its columns: those whose values the store gives, such as rows of other tables, and
 * those with the fields of an item. Columns that only one kind of store has are left out.
 */
export function describeTable<Item>() {
  return <
    const Others extends Readonly<Record<string, ColumnDescription | ColumnType>>,
    const Fields extends Readonly<Record<string, FieldDescription<Item>>>,
  >(
    name: string,
    otherColumns: Others,
    fieldColumns: Fields,
    { key = ["row"], recipientRunRows = [] }: TableOptions = {},
  ): Table<Item, OtherRowOf<Others> & FieldRowOf<Item, Fields>> => {
    const others = Object.entries(otherColumns).map(([column, description]) => toColumn(column, description));
    const fields = Object.entries(fieldColumns).map(([column, description]) => toFieldColumn(column, description));
    const columnsByName = new Map([...others, ...fields].map((column) => [column.name, column]));
    const columns = [...columnsByName.keys()];
    const mutableFields = fields.filter(({ isMutable }) => isMutable);
    return { name, columns, key, recipientRunRows, columnsByName, fields, mutableFields };
  };
}

/** Returns some of the columns of fields, in the given order. */
export function pickFields<Item>({ fields }: Pick<Table<Item>, "fields">, ...names: string[]): FieldColumn<Item>[] {
  const fieldsByName = new Map(fields.map((field) => [field.name, field]));
  return names.map((name) => getKnown(fieldsByName, name));
}

/** Returns columns as a list in SQL: their names, or what `format` returns for each. */
export function listColumns(
  columns: readonly Column[],
  format: (name: string, column: Column, index: number) => string = (name) => name,
): string {
  return columns.map((column, index) => format(column.name, column, index)).join(", ");
}

/** Returns columns with their types in PostgreSQL as a list in SQL. */
export const listTypes = (columns: readonly Column[]): string =>
  listColumns(columns, (name, { type }) => `${name} ${type}`);

/** Returns the columns to select of a table with an alias. */
export function selectColumns({ columns }: StoredTable, alias: string, omitted: readonly string[] = []): string {
  return columns
    .filter((name) => !omitted.includes(name))
    .map((name) => `${alias}.${name}`)
    .join(", ");
}

/** Returns the values of columns for an item, in order. */
export function encodeFields<Item>(columns: readonly FieldColumn<Item>[], item: Item): ColumnValue[] {
  const values: ColumnValue[] = [];
  for (const column of columns) values.push(column.encode(item));
  return values;
}

/** Returns the values of columns for an item, by column. */
export function encodeRecord<Item>(columns: readonly FieldColumn<Item>[], item: Item): Record<string, ColumnValue> {
  const record: Record<string, ColumnValue> = {};
  for (const column of columns) record[column.name] = column.encode(item);
  return record;
}

/** Returns the row with these values of columns. Drivers read rows as lists in half of the time. */
export function buildRow<Row>(columns: readonly string[], values: readonly ColumnValue[]): Row {
  const row: Record<string, ColumnValue> = {};
  for (let index = 0; index < columns.length; index++) row[columns[index] as string] = values[index] as ColumnValue;
  return row as Row;
}

/** Adds the fields of a row to `start`, which has the fields that no column of the table contains, and returns it. */
export function decodeFields<Item, Row extends object, Start extends object>(
  { fields }: Pick<Table<Item, Row>, "fields">,
  row: Row,
  start: Start,
): Start & Item {
  const item = start as Record<string, unknown>;
  const values = row as Readonly<Record<string, ColumnValue>>;
  for (const { field, name, decode } of fields) {
    const value = decode(values[name] as ColumnValue, values);
    if (value !== undefined) item[field] = value;
  }
  return item as Start & Item;
}

/**
 * Returns the bytes of an item's JSON as SQL. Databases know the length of a text without reading it. `replacements` are the
 * columns that count where one of the table is null.
 */
export function sumBytes(
  { columnsByName }: Pick<Table<never>, "columnsByName">,
  alias: string,
  replacements: Readonly<Record<string, string>> = {},
): string {
  const toLengths = (name: string): string =>
    [`${alias}.${name}`, replacements[name] ?? []]
      .flat()
      .map((column) => `octet_length(${column}), `)
      .join("");
  const columns = [...columnsByName.values()].filter(({ isJson }) => isJson);
  return columns.map(({ name }) => `COALESCE(${toLengths(name)}0)`).join(" + ");
}
