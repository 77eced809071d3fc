// Ends the process when a template changes this text to capital letters, as if it had used up the memory.
const { toUpperCase } = String.prototype;
String.prototype.toUpperCase = function (...args) {
  if (String(this) === "end the process") process.kill(process.pid, "SIGKILL");
  return toUpperCase.apply(this, args);
};
