// The messages between the server and the page, as web/openapi.yml and the daemon's events have them.

export interface State {
  daemon: DaemonState;
  board: Board;
  settings: Settings;
  configured: Settings;
  model: RunningModel;
  streams: Stream[];
  models: Model[];
  storage: Storage;
  power: Power | null;
}

export interface DaemonState {
  pid: number;
  version: string;
  started: number;
  status: ApplianceStatus;
  ready: boolean;
  problem: string | null;
}

export type ApplianceStatus =
  | "starting"
  | "loading"
  | "running"
  | "slow"
  | "degraded"
  | "no_model"
  | "no_results"
  | "not_live"
  | "stopping";

export interface Board {
  id: string;
  name: string;
}

export interface Settings {
  det_th: number;
  shown_classes: string[] | null;
  max_vis_fps: number;
  vis_text: boolean;
}

export interface Stream {
  name: string;
  source: string;
  kind: SourceKind;
  model: string | null;
  status: StreamStatus;
  problem: string | null;
  width: number | null;
  height: number | null;
  watched: boolean;
  is_configured: boolean;
  configured_source: string | null;
  recording: RunningRecording | null;
  recording_problem: string | null;
}

export type SourceKind = "index" | "device" | "address" | "gstreamer" | "movie";

export type StreamStatus = "starting" | "live" | "slow" | "no_frames" | "no_results" | "lost" | "failed";

export interface RunningRecording {
  since: number;
  seconds: number;
  name: string;
  bytes: number;
}

export interface RunningModel {
  name: string | null;
  status: "loading" | "ready" | "failed";
  wanted: string | null;
  stage: string | null;
  error: string | null;
  default: string;
  family?: string | null;
  path?: string | null;
  reason?: string | null;
  engine?: string | null;
  device?: string | null;
  labels?: string[];
}

export interface Model {
  name: string;
  family: string | null;
  bytes: number | null;
  installed: boolean;
  in_catalogue: boolean;
  fits: boolean;
  reason: string | null;
  download: Download | null;
}

export interface Download {
  done: number;
  total: number | null;
  error: string | null;
}

export interface Storage {
  free: number;
  floor: number;
  used: number;
  limit: number;
  keep_days: number;
  alarm: string | null;
  warning: string | null;
}

export interface Power {
  modes: PowerMode[];
  current: number | null;
  clocks: boolean | null;
  settable: boolean;
  problem: string | null;
  needs_reboot: boolean;
}

export interface PowerMode {
  id: number;
  name: string;
  detail: string;
}

export interface Statistics {
  time: number;
  streams: Record<string, StreamStatistics>;
  readings: Readings;
}

export interface StreamStatistics {
  fps: number;
  vfps: number;
  frames: number;
  drops: number;
  vdrops: number;
  reconnects: number;
  source_fps: number;
  frame_age: number | null;
  result_age: number | null;
  timings: Timings | null;
  now: Record<string, number>;
  seen: Record<string, number>;
}

/** Seconds of a frame. */
export interface Timings {
  total: number;
  cap: number;
  front: number;
  back: number;
  lost: number;
  send: number;
  draw: number | null;
  encode: number | null;
}

/** Loads in percent, memory in bytes, power in watts, temperatures in degrees Celsius. */
export interface Readings {
  cpu?: number;
  cores?: number[];
  memory?: Memory;
  process_memory?: number;
  gpu?: number;
  gpu_mhz?: number;
  gpu_memory?: Memory;
  temperatures?: Record<string, number>;
  power?: Record<string, number>;
  fan?: Fan;
  throttling?: string[];
}

export interface Memory {
  used: number;
  total: number;
}

export interface Fan {
  percent?: number | null;
  rpm?: number | null;
}

/** Lists of the same length, one value for each point in time. */
export interface History {
  time: number[];
  fps: Record<string, HistoryValues>;
  latency: Record<string, HistoryValues>;
  cpu: HistoryValues;
  memory: HistoryValues;
  gpu: HistoryValues;
  power: HistoryValues;
  temperatures: Record<string, HistoryValues>;
}

export type HistoryValues = (number | null)[];

export interface Recording {
  name: string;
  stream: string;
  started: number;
  seconds: number | null;
  bytes: number;
  format: string;
  recording: boolean;
}

export interface LogEntry {
  time: number;
  level: "info" | "warning" | "error";
  text: string;
}

/** Whether the dashboard's server hears the daemon. */
export interface DaemonConnection {
  up: boolean;
  since: number;
  why: string;
}

export interface SourceTest {
  jpeg: string;
  width: number;
  height: number;
}

/** The commands that go to the daemon, with their fields and what the answer has. */
export interface Commands {
  set_model: { fields: { model: string }; answer: object };
  cancel_model: { fields: object; answer: object };
  get_model: { fields: { model: string }; answer: object };
  set_stream: { fields: { stream: string; source: string | number; model: string | null }; answer: object };
  reset_stream: { fields: { stream: string }; answer: object };
  remove_stream: { fields: { stream: string }; answer: object };
  test_source: { fields: { source: string | number }; answer: SourceTest };
  change_settings: { fields: { settings: Partial<{ [K in keyof Settings]: Settings[K] | null }> }; answer: object };
  record: { fields: { stream: string; on: boolean }; answer: object };
  set_power: { fields: { mode?: number | null; clocks?: boolean | null }; answer: object };
  list_recordings: { fields: object; answer: { recordings: Recording[] } };
  delete_recording: { fields: { name: string }; answer: { recordings: Recording[] } };
}
