import type { Template } from "liquidjs";
import { CodeWriter, quoteText } from "./code-writer.js";

/** Thrown by the code generator for a template that liquidjs has to render. `reason` names the tag, filter or variable. */
export class UnsupportedTemplateError extends Error {
  constructor(readonly reason: string) {
    super(`the code generator does not support ${reason}`);
  }
}

/** A loop around the code that is being generated. The properties are names of local variables. */
export interface LoopScope {
  /** The name that the template gives to the item. */
  variable: string;
  item: string;
  index: string;
  items: string;
  /** The value of `forloop.name`. */
  name: string;
  label: string;
}

/**
 * The work after which the time limit is checked, in templates. The first check starts the time of a text that has no context
 * yet, because reading the clock and creating a context take longer than rendering a short text.
 */
const MAX_UNCHECKED_WORK = 64;
/** The work of calling a filter, whose time depends on its input. */
const FILTER_WORK = 8;

/** Limits the templates in a function. V8 does not optimize functions that are much longer. */
const MAX_TEMPLATES = 2_000;

/** The state of generating code for one template. */
export class Generation {
  readonly writer = new CodeWriter();
  /** The templates that errors can refer to. Generated code stores the index of the current one in `at`. */
  readonly templates: Template[] = [];
  /** The loops around the current template, from the outside in. */
  readonly loops: LoopScope[] = [];
  /** The variable that the output is appended to. */
  sink = "out";
  /** How many tags that cannot be left by a jump are between the current template and the innermost loop. */
  barriers = 0;
  /** Whether the template renders other texts in its context: `content`, which can be a function, or translations. */
  rendersOtherTexts = false;
  /** Whether the current template is an output, after which a `break` in `content` can be checked. */
  mayReadContent = false;
  private work = 0;

  /** `assignedNames` are the variables that the template assigns itself. */
  constructor(readonly assignedNames: ReadonlySet<string>) {}

  /** Writes that the code that follows belongs to a template. `parent` is the template that a time limit is reported at. */
  enter(template: Template, parent: number): number {
    this.work++;
    if (this.work > MAX_UNCHECKED_WORK) {
      this.writer.write(`at = ${parent}; checkTime(frame);`);
      this.work = 0;
    }
    const index = this.templates.push(template) - 1;
    if (index >= MAX_TEMPLATES)
      throw new UnsupportedTemplateError(`more than ${MAX_TEMPLATES} tags, outputs and texts`);
    this.writer.write(`at = ${index};`);
    return index;
  }

  /**
   * Returns whether another text can be rendered in the context here. It must see no variables of loops, and a `break` in it
   * must end this text.
   */
  canRenderOtherTexts(): boolean {
    return this.loops.length === 0 && this.barriers === 0;
  }

  /** Counts the call of a filter or partial. */
  addFilterWork(): void {
    this.work += FILTER_WORK;
  }

  /** Writes the body of a loop, whose iterations add to the work. `parent` is the loop's template. */
  enterLoop(parent: number, writeBody: () => void): void {
    const outer = this.work;
    const { lines } = this.writer;
    const start = lines.length;
    this.work = 0;
    writeBody();
    const work = Math.min(this.work + 1, MAX_UNCHECKED_WORK);
    lines.splice(
      start,
      0,
      `if ((work += ${work}) > ${MAX_UNCHECKED_WORK}) { at = ${parent}; work = checkTime(frame); }`,
    );
    this.work = outer;
  }

  /** Writes code that appends text to the output. */
  writeOutput(expression: string): void {
    this.writer.write(`${this.sink} += ${expression};`);
    this.writer.write(`if (${this.sink}.length > maxOutput) throwOverflow();`);
  }

  writeText(text: string): void {
    this.writeOutput(quoteText(text));
  }
}
