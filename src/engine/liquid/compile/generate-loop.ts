import type { Template } from "liquidjs";
import { quoteText } from "./code-writer.js";
import { generateOperand } from "./generate-expressions.js";
import { checkVariableName } from "./generate-paths.js";
import type { Generation } from "./generation.js";
import type { TagNode, TokenNode } from "./parse-tree.js";
import { UnsupportedTemplateError } from "./unsupported-template.js";

type GenerateTemplates = (templates: readonly Template[], generation: Generation, parent: number) => void;

/** Returns whether an expression reads `continue`, which only the arguments of a loop can read. */
const readsContinue = (token: TokenNode): boolean => /\bcontinue\b/.test(token.getText());

/** The arguments that select items: variables with their values, or undefined. */
interface Selection {
  offset?: string;
  limit?: string;
}

/** Writes code that evaluates all arguments in order, because each must be a whole number. */
function generateSelection(tag: TagNode, generation: Generation): Selection {
  const selection: Selection = {};
  for (const [name, token] of Object.entries(tag.hash.hash)) {
    if (token === undefined || name === "reversed") continue;
    if (readsContinue(token)) throw new UnsupportedTemplateError('a loop that reads "continue"');
    const value = generation.writer.assign(`toLimit(${generateOperand(token, generation)}, ${quoteText(name)})`);
    if (name === "offset" || name === "limit") selection[name] = value;
  }
  return selection;
}

/** Writes `for`. `at` is the index of its template. */
export function generateLoop(
  tag: TagNode,
  generation: Generation,
  at: number,
  generateTemplates: GenerateTemplates,
): void {
  const { writer, loops } = generation;
  checkVariableName(tag.variable);
  const all = writer.assign(`toLoopItems(${generateOperand(tag.collection, generation)})`);
  const { offset, limit } = generateSelection(tag, generation);
  const isReversed = "reversed" in tag.hash.hash;
  const selected =
    offset === undefined && limit === undefined && !isReversed
      ? all
      : writer.assign(`sliceItems(${all}, ${offset}, ${limit})`);
  if (isReversed) writer.write(`${selected}.reverse();`);
  const name = `${tag.variable}-${tag.collection.getText()}`;
  writer.write(
    `frame.saveLoopEnd(${quoteText(`continue-${name}`)}, ${offset ? `(${offset} ?? 0) + ` : ""}${selected}.length);`,
  );
  writer.write(`if (${selected}.length === 0) {`);
  generateTemplates(tag.elseTemplates ?? [], generation, at);
  writer.write("} else {");
  const [index, item, label] = [writer.createName("i"), writer.createName("item"), writer.createName("loop")];
  writer.write(`${label}: for (let ${index} = 0; ${index} < ${selected}.length; ${index}++) {`);
  writer.write(`const ${item} = ${selected}[${index}];`);
  const { barriers } = generation;
  generation.barriers = 0;
  loops.push({ variable: tag.variable, item, index, items: selected, name, label });
  generation.enterLoop(at, () => generateTemplates(tag.templates, generation, at));
  loops.pop();
  generation.barriers = barriers;
  writer.write("} }");
}
