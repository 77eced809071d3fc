// Shifts the clock of a process by KNOCK_TEST_CLOCK_SHIFT_MS. It is loaded with `node --require` before any other code.
const shift = Number(process.env.KNOCK_TEST_CLOCK_SHIFT_MS);
const SystemDate = Date;
const now = () => SystemDate.now() + shift;

globalThis.Date = class ShiftedDate extends SystemDate {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }
  static now = now;
};
