/**
 * Returns a JavaScript string literal. It contains no line break, and nothing that ends a literal or a script element, so
 * that text of a template cannot become code.
 */
export function quoteText(text: string): string {
  return JSON.stringify(text).replace(
    /[<>\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Collects the lines of generated code and the values that they refer to. */
export class CodeWriter {
  readonly lines: string[] = [];
  readonly constants: unknown[] = [];
  private readonly namesByConstant = new Map<unknown, string>();
  private names = 0;

  write(line: string): void {
    this.lines.push(line);
  }

  /** Returns a new name for a local variable. */
  createName(prefix: string): string {
    return `${prefix}${++this.names}`;
  }

  /** Evaluates an expression once. Returns the variable with its value. */
  assign(expression: string): string {
    const name = this.createName("e");
    this.write(`const ${name} = ${expression};`);
    return name;
  }

  /** Returns an expression for an object of the parse tree. */
  addConstant(value: unknown): string {
    let name = this.namesByConstant.get(value);
    if (name === undefined) {
      name = `constants[${this.constants.push(value) - 1}]`;
      this.namesByConstant.set(value, name);
    }
    return name;
  }

  /** Returns an expression for a value of a literal: text, numbers and booleans as code, objects as constants. */
  quoteValue(value: unknown): string {
    if (typeof value === "string") return quoteText(value);
    if (typeof value === "boolean" || value === null || value === undefined) return String(value);
    if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return `(${value})`;
    return this.addConstant(value);
  }
}
