import { type Shape, text } from "../shape/shape.js";

/** Text that is not empty: a key, a path, a template that must say something. */
export const filledText: Shape<string> = (value, path, complain): value is string => {
  if (value === "") complain(path, "must not be empty");
  return value !== "" && text(value, path, complain);
};
