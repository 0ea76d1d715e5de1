import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../src/flight/timeline";
import { byClass, fakeDocument } from "./harness.mjs";

function eventOf(minute, id = `event ${minute}`) {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return {
    event_id: id,
    event_at: at,
    arrived_at: at,
    flight_status: "en-route",
    is_late: false,
    changes: [],
    quality_flags: ["bad_heading"],
    altitude_ft: null,
    ground_speed_kts: null,
    heading: null,
  };
}

test("a late event shows in its place, however many there are", (t) => {
  fakeDocument(t);
  const timeline = new Timeline();
  const events = Array.from({ length: 300 }, (_, minute) => eventOf(minute));
  const shown = () => byClass(timeline.element, "timeline")[0].textContent.split("came late").length - 1;
  timeline.update({ events, total_events: events.length });
  assert.equal(shown(), 0);
  const late = { ...eventOf(250, "late"), is_late: true };
  timeline.update({ events: events.toSpliced(251, 0, late), total_events: 301 });
  assert.equal(shown(), 1);
});
