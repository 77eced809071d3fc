// Shifts the system clock of a process: node --require shift-clock.cjs, with the milliseconds in KNOCK_TEST_CLOCK_SHIFT.
const shift = Number(process.env.KNOCK_TEST_CLOCK_SHIFT);
const RealDate = Date;
const now = () => RealDate.now() + shift;

globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }

  static now() {
    return now();
  }
};
