/** Whether the figures can be trusted: the account, the consumers, the stages, what was refused. */
import { getJson } from "../api/client";
import type { Alert, Failure, Page, QualityRow, StageState, StatusAnswer, StoredPart } from "../api/types";
import { AccountingPanel } from "../panels/accounting";
import { consumerPanels, PipelineHistory } from "../panels/consumers";
import { DriftPanel } from "../panels/drift";
import { QuarantinePanels } from "../panels/quarantine";
import type { Context } from "../state/context";
import { poll } from "../state/poll";
import { BarList } from "../ui/barList";
import { h } from "../ui/dom";
import { bytes, count, dateTime, duration } from "../ui/format";
import { Panel } from "../ui/panel";
import type { PageView } from "./page";

const REFRESH_MS = 5_000;

const STAGE_NAMES: Record<StageState["name"], string> = {
  bronze: "Archive (bronze)",
  silver: "Transform (silver)",
  gold: "Models (gold)",
  simulator: "Simulator",
  export: "Export of gold",
  alerts: "Alerts",
  webhook: "Webhook of alerts",
  upkeep: "Upkeep",
  log: "Warehouse log",
};

const RULE_NAMES: Record<Alert["rule"], string> = {
  airline_delay: "Airline delay",
  security_wait: "Security wait",
  quarantine: "Refused records",
  lag: "Lag",
  silent_source: "Silent source",
  schema_drift: "Schema drift",
};

interface Flag {
  name: string;
  records: number;
  share: number | null;
}

export function pipelinePage({ live }: Context): PageView {
  const account = new AccountingPanel();
  const history = new PipelineHistory();
  const consumers = consumerPanels();
  const quarantine = new QuarantinePanels();
  const drift = new DriftPanel();
  const flags = flagPanel();
  const stages = stagePanel();
  const storage = storagePanel();
  const failures = failurePanel();
  const alerts = alertPanel();
  let isShown = false;

  const showPipeline = (): void => {
    const pipeline = live.parts?.pipeline;
    if (!isShown || !pipeline) return;
    account.update(pipeline);
    for (const panel of consumers) panel.update(history);
    quarantine.update(pipeline.reasons, pipeline.received);
    showStages(stages, pipeline.stages, pipeline.is_running);
  };
  live.beat.on(({ at }) => {
    const pipeline = live.parts?.pipeline;
    if (!pipeline) return;
    history.add(Date.parse(at), pipeline);
    showPipeline();
  });

  const asking = poll<[StatusAnswer, Page<QualityRow>, Page<Alert>]>({
    everyMs: REFRESH_MS,
    ask: (signal) =>
      Promise.all([
        getJson<StatusAnswer>("status", {}, signal),
        getJson<Page<QualityRow>>("quality", { by: "total" }, signal),
        getJson<Page<Alert>>("alerts", {}, signal),
      ]),
    answer: ([status, quality, told]) => {
      showStorage(storage, status);
      showFailures(failures, status);
      showAlerts(alerts, told.rows);
      showFlags(flags, quality.rows);
    },
    fail: (message) => {
      for (const { panel } of [flags, storage]) panel.setState({ kind: "error", message, retry: () => asking.again() });
      for (const panel of [alerts, failures]) {
        panel.setState({ kind: "error", message, retry: () => asking.again() });
      }
    },
  });

  return {
    element: h(
      "div",
      { class: "page page-pipeline" },
      account.element,
      ...consumers.map(({ panel }) => panel.element),
      stages.element,
      storage.panel.element,
      quarantine.reasons.element,
      quarantine.samples.element,
      flags.panel.element,
      alerts.element,
      drift.panel.element,
      failures.element,
    ),
    show: () => {
      isShown = true;
      showPipeline();
      asking.start();
      quarantine.asking.start();
      drift.asking.start();
    },
    leave: () => {
      isShown = false;
      asking.stop();
      quarantine.asking.stop();
      drift.asking.stop();
    },
  };
}

function stagePanel(): Panel<StageState> {
  return new Panel<StageState>({
    title: "Stages",
    name: "stages",
    columns: [
      { key: "stage", label: "Stage", value: (row) => row.name, text: (row) => STAGE_NAMES[row.name] },
      {
        key: "state",
        label: "State",
        value: (row) => row.error ?? "ok",
        text: (row) => (row.error ? `✕ ${row.error}` : row.last_success_at ? "✓ working" : "– nothing done yet"),
        className: (row) => (row.error ? "bad" : "wrap"),
      },
      {
        key: "age_seconds",
        label: "Last done",
        value: (row) => row.age_seconds,
        text: (row) => (row.age_seconds === null ? "never" : `${duration(row.age_seconds)} ago`),
        isNumber: true,
      },
      { key: "failures", label: "Failures in a row", value: (row) => row.failures, isNumber: true },
    ],
  });
}

function showStages(panel: Panel<StageState>, stages: StageState[], isRunning: boolean): void {
  const note = isRunning ? "The pipeline is running" : "No pipeline is running: what you see is data at rest";
  panel.setRows(stages, note);
  panel.setState({ kind: "ready" });
}

interface BarPanel<Row> {
  panel: Panel<Row>;
  bars: BarList;
}

function flagPanel(): BarPanel<Flag> {
  const bars = new BarList("Quality flags");
  const panel = new Panel<Flag>({
    title: "Quality flags",
    name: "quality-flags",
    columns: [
      { key: "flag", label: "Flag", value: (row) => row.name },
      { key: "records", label: "Records", value: (row) => row.records, text: (row) => count(row.records), isNumber: true },
      {
        key: "share_of_clean",
        label: "Of clean, %",
        value: (row) => row.share,
        text: (row) => share(row.share),
        isNumber: true,
      },
    ],
    content: bars.element,
  });
  return { panel, bars };
}

function share(ratio: number | null): string {
  return ratio === null ? "–" : `${(ratio * 100).toFixed(2)} %`;
}

function showFlags({ panel, bars }: BarPanel<Flag>, rows: QualityRow[]): void {
  const clean = rows.find((row) => row.kind === "verdict" && row.name === "clean")?.records ?? 0;
  const flags = rows
    .filter((row) => row.kind === "flag")
    .map(({ name, records }) => ({ name, records, share: clean > 0 ? records / clean : null }));
  panel.setRows(flags, `Fields of clean records that could not be used · n = ${count(clean)} clean records`);
  if (flags.length === 0) {
    panel.setState({ kind: "empty", message: "No clean record carries a flag." });
    return;
  }
  panel.setState({ kind: "ready" });
  bars.update(
    flags.map((flag) => ({
      key: flag.name,
      label: flag.name,
      value: flag.records,
      text: `${count(flag.records)} (${share(flag.share)})`,
    })),
  );
}

function storagePanel(): BarPanel<StoredPart> {
  const bars = new BarList("Storage used");
  const panel = new Panel<StoredPart>({
    title: "Storage used",
    name: "storage",
    columns: [
      { key: "part", label: "Part", value: (row) => row.name },
      { key: "bytes", label: "Bytes", value: (row) => row.bytes, text: (row) => count(row.bytes), isNumber: true },
      { key: "files", label: "Files", value: (row) => row.files, text: (row) => count(row.files), isNumber: true },
    ],
    content: bars.element,
  });
  return { panel, bars };
}

function showStorage({ panel, bars }: BarPanel<StoredPart>, { storage, version, viewers }: StatusAnswer): void {
  const total = storage.reduce((sum, part) => sum + part.bytes, 0);
  const files = storage.reduce((sum, part) => sum + part.files, 0);
  panel.setRows(storage, `${bytes(total)} in ${count(files)} files · Airside ${version}, ${count(viewers)} ${viewers === 1 ? "viewer" : "viewers"}`);
  panel.setState({ kind: "ready" });
  bars.update(
    storage.map((part) => ({
      key: part.name,
      label: part.name,
      value: part.bytes,
      text: `${bytes(part.bytes)}${part.limit_bytes === null ? "" : ` of ${bytes(part.limit_bytes)}`}, ${count(part.files)} files`,
    })),
  );
}

function failurePanel(): Panel<Failure> {
  return new Panel<Failure>({
    title: "Recent failures",
    name: "failures",
    columns: [
      { key: "started_at", label: "When, UTC", value: (row) => row.started_at, text: (row) => dateTime(row.started_at) },
      { key: "stage", label: "Stage", value: (row) => row.stage },
      { key: "error", label: "What failed", value: (row) => row.error, className: () => "wrap" },
    ],
  });
}

function showFailures(panel: Panel<Failure>, { recent_failures: failures }: StatusAnswer): void {
  panel.setRows(failures, `From the ledger · n = ${count(failures.length)}`);
  if (failures.length > 0) panel.setState({ kind: "ready" });
  else panel.setState({ kind: "empty", message: "✓ The ledger knows of no failure." });
}

function alertPanel(): Panel<Alert> {
  return new Panel<Alert>({
    title: "Alerts",
    name: "alerts",
    columns: [
      {
        key: "state",
        label: "State",
        value: (row) => (row.ended_at ? "over" : "now"),
        text: (row) => (row.ended_at ? "✓ over" : "⚠ now"),
        className: (row) => (row.ended_at ? "" : "bad"),
      },
      { key: "rule", label: "Rule", value: (row) => row.rule, text: (row) => RULE_NAMES[row.rule] },
      { key: "summary", label: "What", value: (row) => row.summary, className: () => "wrap" },
      { key: "began_at", label: "Since, UTC", value: (row) => row.began_at, text: (row) => dateTime(row.began_at) },
      {
        key: "ended_at",
        label: "Until, UTC",
        value: (row) => row.ended_at,
        text: (row) => (row.ended_at ? dateTime(row.ended_at) : "–"),
      },
    ],
  });
}

function showAlerts(panel: Panel<Alert>, alerts: Alert[]): void {
  const firing = alerts.filter((alert) => alert.ended_at === null).length;
  panel.setRows(alerts, `${count(firing)} now, ${count(alerts.length - firing)} over`);
  if (alerts.length > 0) panel.setState({ kind: "ready" });
  else panel.setState({ kind: "empty", message: "✓ Nothing is or was beyond its limit." });
}
