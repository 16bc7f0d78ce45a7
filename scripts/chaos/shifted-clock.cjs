// Preloaded (`node --require`) into the processes of a node whose clock is wrong: what they are told of the time of day is
// CLOCK_SHIFT_MS off. Timers and process.hrtime go on as they do on a machine whose clock was set wrong.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;
const nowMs = () => RealDate.now() + shiftMs;

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(nowMs());
    else super(...given);
  }

  static now() {
    return nowMs();
  }
};
