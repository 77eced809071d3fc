import {
  CaptureTag,
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
  TypeGuards,
} from "liquidjs";
import { chargeResult } from "../filters/charge-memory.js";
import { LimitedEmitter } from "../liquid-limits.js";

/** `{% ifchanged %}`: prints its text if the text differs from the last one that such a tag printed in the rendering. */
export class IfChangedTag extends Tag {
  private readonly templates: Template[] = [];

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid);
    for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) {
      if (TypeGuards.isTagToken(next) && next.name === "endifchanged") return;
      this.templates.push(parser.parseToken(next, remaining));
    }
    throw new Error(`tag ${token.getText()} not closed`);
  }

  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const limited = new LimitedEmitter();
    yield this.liquid.renderer.renderTemplates(this.templates, context, limited);
    const text = limited.buffer;
    if (context.getRegister("ifchanged") === text) return;
    context.setRegister("ifchanged", text);
    emitter.write(text);
  }

  *children(): Generator<unknown, Template[]> {
    yield* [];
    return this.templates;
  }
}

/** `{% capture %}`. Its text is limited like the output. */
export class LimitedCaptureTag extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const emitter = new LimitedEmitter();
    yield this.liquid.renderer.renderTemplates(this.templates, context, emitter);
    context.bottom()[this.variable] = chargeResult({ context }, emitter.buffer);
  }
}

function skipToEndTag(tag: TagToken, remaining: TopLevelToken[], nested: boolean): void {
  const end = `end${tag.name}`;
  let depth = 1;
  for (let token = remaining.shift(); token !== undefined; token = remaining.shift()) {
    const name = TypeGuards.isTagToken(token) ? token.name : undefined;
    if (name === end) depth--;
    else if (nested && name === tag.name) depth++;
    if (depth === 0) return;
  }
  throw new Error(`tag ${tag.getText()} not closed`);
}

/** `{% doc %}`: a description of the template. It prints nothing. */
export class DocTag extends Tag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    if (token.args !== "") throw new Error('the "doc" tag takes no arguments');
    skipToEndTag(token, remaining, false);
  }

  override render(): void {}
}

/** `{% comment %}`, which can contain other comments. */
export class NestedCommentTag extends Tag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    skipToEndTag(token, remaining, true);
  }

  override render(): void {}
}
