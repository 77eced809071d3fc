const IDENTIFIER_PART = /[\p{L}\p{N}]+/gu;

/** Returns a name in PascalCase: `new-comment` becomes `NewComment`. A name that starts with a digit gets a prefix. */
function toPascalCase(text: string): string {
  const parts = text.match(IDENTIFIER_PART) ?? [];
  const name = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  return /^\p{L}/u.test(name) ? name : `Workflow${name}`;
}

/** Assigns names of types. Two sources whose names would be equal get names that end with a number. */
export class TypeNames {
  private readonly used: Set<string>;

  constructor(reserved: readonly string[]) {
    this.used = new Set(reserved);
  }

  /** Returns a new name that is made of the words and the suffix. */
  add(words: string, suffix: string): string {
    const base = `${toPascalCase(words)}${suffix}`;
    let name = base;
    for (let number = 2; this.used.has(name); number++) name = `${base}${number}`;
    this.used.add(name);
    return name;
  }
}
