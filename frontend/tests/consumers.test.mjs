import assert from "node:assert/strict";
import test from "node:test";
import { PipelineHistory } from "../src/panels/consumers";

test("the lines go back ten minutes, however many messages come a second", () => {
  for (const everyMs of [500, 1_000, 5_000]) {
    const history = new PipelineHistory();
    for (let at = 0; at <= 3_600_000; at += everyMs) history.add(at, {});
    assert.equal(history.samples.at(-1).at - history.samples[0].at, 600_000);
  }
});
