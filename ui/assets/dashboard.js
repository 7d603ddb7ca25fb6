// heap_periscope_ui: one plain script, no build step. Everything works without it but charts, live following and local times.
//
//   Times     server times (UTC) into the viewer's zone; ages that go on counting
//   Numbers   three significant digits and a unit, as lib/heap_periscope_ui/figures.rb writes them
//   Theme     light, dark or the system's, kept in a cookie so that the server sends the right page at once
//   Charts    every figure[data-chart] is drawn by uPlot, colours come from the tokens of the stylesheet
//   Swap      links and filters change a page in place; parts of it are fetched again, and Idiomorph puts in what differs
//   Live      follows through the cursor endpoint by polling, backs off on errors, can be paused
//   Controls  ranges, menus, copy, print, confirmation
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const body = document.body;
  const rootPath = body.dataset.root;

  // ── Times ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options });
  const clock = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minute = format({ hour: "2-digit", minute: "2-digit" });
  const weekday = format({ weekday: "short" });
  const dayMonth = format({ day: "numeric", month: "short" });
  const longDay = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const FORMS = {
    time: (date) => clock.format(date),
    minute: (date) => minute.format(date),
    day: (date) => dayMonth.format(date),
    stamp: (date) => `${clock.format(date)}, ${longDay.format(date).replace(/,/g, "")}`,
    since: (date) => {
      const age = Date.now() - date;
      if (age < 86_400_000 && new Date().getDate() === date.getDate()) return minute.format(date);
      return age < 6 * 86_400_000 ? `${weekday.format(date)} ${minute.format(date)}` : `${dayMonth.format(date)} ${minute.format(date)}`;
    },
  };
  // The viewer's clock may be off: ages count from the server's.
  let clockOffset = Date.now() - Number(body.dataset.now || Date.now());
  const serverNow = () => Date.now() - clockOffset;

  function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 120) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    const pair = (large, unit, small, smallUnit) => (small ? `${large} ${unit} ${small} ${smallUnit}` : `${large} ${unit}`);
    if (minutes < 60) return `${minutes} min`;
    return hours < 48 ? pair(hours, "h", minutes % 60, "min") : pair(days, "d", hours % 24, "h");
  }

  function localize(root) {
    for (const element of $$("time[datetime]", root)) {
      const date = new Date(element.dateTime || element.getAttribute("datetime"));
      const write = FORMS[element.dataset.form];
      if (write && !Number.isNaN(date.getTime())) element.textContent = write(date);
    }
    tick(root);
  }

  function tick(root = document) {
    for (const element of $$("[data-ago]", root)) {
      const text = duration(serverNow() - Number(element.dataset.ago)) + (element.dataset.suffix || "");
      if (element.textContent !== text) element.textContent = text;
    }
  }

  function nameZone() {
    const offset = -new Date().getTimezoneOffset();
    const hours = Math.floor(Math.abs(offset) / 60), minutes = Math.abs(offset) % 60;
    const text = offset === 0 ? "UTC" : `UTC${offset > 0 ? "+" : "−"}${hours}${minutes ? `:${String(minutes).padStart(2, "0")}` : ""}`;
    $("#zone").textContent = `Times in your zone, ${text}`;
  }

  // ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  const BYTES = ["B", "KB", "MB", "GB", "TB", "PB"], COUNTS = ["", "k", "M", "G", "T", "P"];
  const three = (value) => (value >= 99.95 ? String(Math.round(value)) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2));
  const unitStep = (unit) => (unit === "bytes" ? 1024 : 1000);
  const isScaled = (unit) => !["share", "ms", "/s"].includes(unit);

  function powerOf(value, unit) {
    let power = 0;
    for (let rest = Math.abs(value); rest >= unitStep(unit) * 0.9995 && power < 5; power++) rest /= unitStep(unit);
    return power;
  }

  function unitName(power, unit) {
    if (unit === "bytes") return ` ${BYTES[power]}`;
    const rate = unit.includes("/") ? `/${unit.split("/").pop()}` : "";
    return COUNTS[power] || rate ? ` ${COUNTS[power]}${rate}` : "";
  }

  function figure(value, unit) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value), minus = value < 0 ? "−" : "";
    if (unit === "share") return `${minus}${(size * 100).toFixed(1)} %`;
    if (unit === "ms") return size >= 10_000 ? `${minus}${three(size / 1000)} s` : `${minus}${size < 10 ? size.toFixed(1) : three(size)} ms`;
    if (unit === "/s") return `${minus}${size < 100 ? size.toFixed(1) : three(size)} /s`;
    const power = powerOf(size, unit), scaled = size / unitStep(unit) ** power;
    return minus + (power === 0 && Number.isInteger(scaled) ? String(scaled) : three(scaled)) + unitName(power, unit);
  }

  // All labels of an axis in one unit, with as many decimals as its step needs.
  function axisLabels(values, unit) {
    const top = Math.max(...values.map(Math.abs)), step = values.length > 1 ? Math.abs(values[1] - values[0]) : top;
    const power = isScaled(unit) ? powerOf(top, unit) : 0;
    const divisor = unit === "share" ? 0.01 : unitStep(unit) ** power;
    const decimals = Math.min(3, Math.max(0, Math.ceil(-Math.log10(step / divisor) - 1e-6)));
    const enough = Number((step / divisor).toFixed(decimals)) === step / divisor || decimals === 3 ? decimals : decimals + 1;
    const name = unit === "share" ? " %" : unit === "ms" ? " ms" : unit === "/s" ? "/s" : unitName(power, unit);
    return values.map((value) => (value === 0 ? "0" : `${value < 0 ? "−" : ""}${(Math.abs(value) / divisor).toFixed(enough)}${name}`));
  }

  // uPlot rounds by powers of ten, and picks the steps of an axis from a list: for bytes one of powers of 1024.
  const BYTE_STEPS = BYTES.flatMap((_, power) => [1, 2, 5, 10, 20, 50, 100, 200, 500].map((step) => step * 1024 ** power));

  function scaleRange(low, high, zero) {
    if (low === null || high === null) return [0, 1];
    if (zero) return low < 0 ? uPlot.rangeNum(low, high, 0.05, true) : uPlot.rangeNum(0, high, 0.05, true);
    // What hardly moves must not look wild.
    const missing = Math.max(0, (high * 0.1 - (high - low)) / 2), end = { pad: 0.05, mode: 0 };
    return uPlot.rangeNum(Math.max(0, low - missing), high + missing, { min: { ...end, hard: 0 }, max: end });
  }

  // ── Theme ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  let tokens = {};
  const token = (name) => (tokens[name] ??= getComputedStyle(document.documentElement).getPropertyValue(name).trim());

  // A token's colour, partly transparent: tokens of colours are #rrggbb.
  const clear = (color, alpha) => `${color}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;

  function applyTheme(theme, keep = true) {
    if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
    for (const button of $$("[data-theme-choice]")) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    if (keep) document.cookie = `heap_periscope_theme=${theme}; path=${rootPath}; max-age=${theme === "auto" ? 0 : 31536000}; samesite=lax`;
    tokens = {};
    for (const chart of charts.values()) chart.redraw();
  }

  // ── Answers of the server ────────────────────────────────────────────────────────────────────────────────────────────
  // What is refused is no lost connection: trying again does not help, signing in may.
  const REFUSALS = { 401: { word: "Signed out", behind: "sign in to go on" }, 403: { word: "Not allowed any more", behind: "" } };

  // Where the host's own check sends those who are not signed in to its login page, the answer is that page.
  async function ask(url, type, fine = []) {
    const response = await fetch(url, { headers: { Accept: type } });
    const other = response.redirected || (response.ok && !(response.headers.get("Content-Type") || "").startsWith(type));
    const status = response.ok && other ? 401 : response.status;
    if (status === 401 || !(response.ok || fine.includes(status))) throw Object.assign(new Error(`${status}`), { status });
    return response;
  }

  // For those who do not see the page: what the keys have read.
  let announcing;
  function announce(text) {
    clearTimeout(announcing);
    announcing = setTimeout(() => { $("#announcer").textContent = text; }, 150);
  }

  // ── Charts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
  // data-chart: { source: address of columns {from, to, interval_ms, t, series}, unit, zero: from zero,
  //   series: [{key, label, color: token, form: "line"|"area"|"bar"|"stack", on: key it stands on, unit and right: of an own axis,
  //             pick: "max"|"mean"|"sum" in a bucket}], fallback: series where the first has no value; or dynamic: true, form: every series that comes,
  //   bucket: draw one point for each of about 60 intervals, marks: [{at, label, role}], trend: unix_ms from which a line is fitted }
  const charts = new Map();
  const requests = new Map();
  const CLASS_COLORS = ["s1", "s3", "s5", "s4", "s2", "s6"];
  const DASHES = [undefined, [6, 3], [2, 3], [8, 3, 2, 3]];
  const BUCKETS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800].map((seconds) => seconds * 1000);
  const AXIS = 56;

  function columns(source) {
    if (!requests.has(source)) {
      const request = ask(source, "application/json").then((response) => response.json());
      requests.set(source, request);
      request.catch(() => {}).finally(() => setTimeout(() => requests.delete(source), 50));
    }
    return requests.get(source);
  }

  function append(old, news) {
    const start = old.t.findIndex((time) => time >= news.from - (old.to - old.from));
    const cut = (list) => list.slice(Math.max(start, 0));
    const names = [...new Set([...old.names, ...news.names])];
    const blank = (list, length) => list || new Array(length).fill(null);
    const series = {};
    for (const name of names) series[name] = cut(blank(old.series[name], old.t.length)).concat(blank(news.series[name], news.t.length));
    return { ...news, names, t: cut(old.t).concat(news.t), series };
  }

  class Chart {
    constructor(element) {
      this.element = element;
      this.spec = JSON.parse(element.dataset.chart);
      this.plot = $(".plot", element);
      this.legend = $(".legend", element);
      this.columns = null;
      // A picture takes no keys: for readers of the screen it is an application of its own, which says what they do.
      this.plot.setAttribute("role", "application");
      this.plot.setAttribute("aria-roledescription", "chart");
      this.plot.setAttribute("aria-describedby", "chart-keys");
      this.plot.addEventListener("keydown", (event) => this.key(event));
      this.observer = new ResizeObserver(() => this.resize());
      this.observer.observe(this.plot);
      this.load();
    }

    async load({ follow = false } = {}) {
      let source = this.spec.source;
      const known = this.columns;
      if (follow && known?.t.length && !this.spec.dynamic) source += `&after=${known.t[known.t.length - 1]}&step=${known.step_ms}`;
      try {
        const news = await columns(source);
        if (!this.plot.isConnected) return;
        this.columns = news.appended && known ? append(known, news) : news;
        this.message(null);
        this.draw();
      } catch (error) {
        if (REFUSALS[error.status]) this.message(`${REFUSALS[error.status].word.toLowerCase()}, `, () => location.reload(), "load this page again");
        else this.message("could not load, ", () => this.load());
      }
    }

    // One line over the old picture.
    message(text, retry, action = "try again") {
      $(".said", this.plot)?.remove();
      if (!text) return;
      const line = document.createElement("p");
      line.className = retry ? "said err" : "said";
      line.textContent = text;
      if (retry) {
        const button = document.createElement("button");
        button.type = "button"; button.className = "link"; button.textContent = action;
        button.addEventListener("click", retry);
        line.append(button);
      }
      this.plot.append(line);
    }

    // Where single values were not measured, what is known instead.
    get fallsBack() { return this.spec.fallback && (this.columns.series[this.spec.series[0].key] || []).every((value) => value === null); }

    get piled() { return this.spec.dynamic && this.spec.form === "bar"; }

    // The series to draw, with colours.
    get series() {
      if (!this.spec.dynamic) return this.fallsBack ? this.spec.fallback : this.spec.series;
      const list = this.columns.names.map((name, i) => ({
        key: name, label: name, color: this.columns.names.length === 1 ? "s1" : CLASS_COLORS[i % 6], dash: DASHES[Math.floor(i / 6) % 4], form: this.spec.form,
        pick: "mean",
      }));
      // Bars that stand on each other are drawn from the top of the pile, so that the lower ones cover it.
      return this.piled ? list.reverse() : list;
    }

    // Times in seconds and values, with a hole where time is missing.
    prepare() {
      let { t, series, interval_ms: interval, from, to } = this.columns;
      let lists = this.series.map((one) => series[one.key] || []);
      if (this.spec.bucket) [t, lists, interval] = this.bucketed(t, lists, Math.max(interval, 1000), from, to);
      this.interval = interval;
      this.gaps = [];
      const xs = [], ys = lists.map(() => []);
      t.forEach((time, i) => {
        if (i > 0 && time - t[i - 1] > interval * 2.5 && !this.spec.bucket) {
          this.gaps.push([t[i - 1] / 1000, time / 1000]);
          xs.push((t[i - 1] + 1) / 1000);
          ys.forEach((list) => list.push(null));
        }
        xs.push(time / 1000);
        ys.forEach((list, k) => list.push(lists[k][i] ?? null));
      });
      const end = t[t.length - 1];
      if (end && to - end > Math.max(interval * 3.5, 3000) && !this.spec.bucket) this.gaps.push([end / 1000, to / 1000]);
      this.values = ys;
      return [xs, ...this.stacked(ys)];
    }

    bucketed(t, lists, interval, from, to) {
      const width = BUCKETS.find((ms) => ms >= interval && (to - from) / ms <= 64) || BUCKETS[BUCKETS.length - 1];
      const rows = new Map();
      t.forEach((time, i) => {
        const key = Math.floor(time / width) * width + width / 2;
        if (!rows.has(key)) rows.set(key, lists.map(() => []));
        lists.forEach((list, k) => { if (list[i] !== null && list[i] !== undefined) rows.get(key)[k].push(list[i]); });
      });
      const times = [...rows.keys()].sort((a, b) => a - b);
      const pick = (values, how) => (values.length === 0 ? null : how === "max" ? Math.max(...values) : how === "sum" ? values.reduce((a, b) => a + b) : values.reduce((a, b) => a + b) / values.length);
      const sub = $("figcaption .sub", this.element);
      if (sub && !this.spec.dynamic) sub.textContent = width >= 60_000 ? (width === 60_000 ? "a minute" : `each ${duration(width)}`) : `each ${width / 1000} s`;
      return [times, lists.map((_, k) => times.map((time) => pick(rows.get(time)[k], this.series[k].pick))), width];
    }

    stacked(lists) {
      const list = this.series, shown = lists.slice();
      const order = this.piled ? [...list.keys()].reverse() : [...list.keys()];
      for (const k of order) {
        const below = this.piled ? k + 1 : list[k].form !== "stack" ? -1 : list[k].on ? list.findIndex((other) => other.key === list[k].on) : k - 1;
        if (below >= 0 && shown[below]) shown[k] = lists[k].map((value, i) => (value === null && shown[below][i] === null ? null : (value || 0) + (shown[below][i] || 0)));
      }
      return shown;
    }

    draw() {
      const data = this.prepare();
      const points = this.columns.t.length;
      this.element.dataset.points = points;
      // What an older agent does not send is not drawn as an empty scale.
      const silent = points > 0 && this.values.every((list) => list.every((value) => value === null));
      if (points === 0 || silent) {
        this.uplot?.destroy();
        this.uplot = null;
        this.legend.replaceChildren();
        this.message(silent ? "the agent of this process reports none of this" : this.spec.empty || "no report in this range");
        return;
      }
      const shape = JSON.stringify(this.series);
      if (this.uplot && shape === this.shape) {
        this.uplot.setData(data);
      } else {
        this.uplot?.destroy();
        this.shape = shape;
        this.uplot = new uPlot(this.options(), data, this.plot);
        this.flag = document.createElement("div");
        this.flag.className = "flag";
        this.flag.hidden = true;
        this.uplot.over.append(this.flag);
        this.placeMarks();
      }
      this.readout();
    }

    options() {
      const right = this.series.find((one) => one.right);
      const scale = { auto: true, range: (u, low, high) => scaleRange(low, high, this.spec.zero) };
      const axis = (key, unit, side) => ({
        scale: key, side, size: side === 1 ? 52 : AXIS, gap: 6, stroke: () => token("--text-3"), font: `12px ${token("--sans")}`, ticks: { show: false },
        grid: { show: side === 3, stroke: () => token("--grid-line"), width: 1 },
        ...(unit === "bytes" ? { incrs: BYTE_STEPS } : {}),
        values: (u, splits) => axisLabels(splits, unit),
      });
      return {
        width: Math.max(this.plot.clientWidth, 100), height: this.plot.clientHeight,
        padding: [8, right ? 0 : 18, 0, 0],
        scales: {
          x: { time: true, range: () => [this.columns.from / 1000, this.columns.to / 1000] },
          y: scale, ...(right ? { r: scale } : {}),
        },
        axes: [
          { stroke: () => token("--text-3"), font: `12px ${token("--sans")}`, size: 28, gap: 6, ticks: { show: false }, grid: { show: false }, space: 74,
            values: (u, splits, i, space, incr) => splits.map((s) => (incr >= 86_400 ? dayMonth : incr < 60 ? clock : minute).format(new Date(s * 1000))) },
          axis("y", this.spec.unit, 3), ...(right ? [axis("r", right.unit, 1)] : []),
        ],
        series: [{}, ...this.series.map((one, k) => this.line(one, k))],
        bands: this.series.flatMap((one, k) => this.band(one, k)),
        legend: { show: false },
        cursor: {
          sync: { key: "page" }, y: false, drag: { x: true, y: false, setScale: false },
          points: { size: 9, width: 2, fill: (u, k) => token(`--${this.series[k - 1].color}`), stroke: () => token("--bg") },
        },
        hooks: {
          drawClear: [(u) => this.between(u)],
          drawAxes: [(u) => this.hatch(u), (u) => this.base(u), (u) => this.trend(u)],
          setCursor: [() => this.readout()],
          setSize: [() => this.placeMarks()],
          setSelect: [(u) => this.zoom(u)],
        },
      };
    }

    line(one, k) {
      const color = () => token(`--${one.color}`);
      const filled = (alpha) => () => clear(color(), alpha);
      const scale = one.right ? "r" : "y";
      const common = { scale, label: one.label, points: { show: (u, i, from, to) => to - from < 2, stroke: color, fill: color }, spanGaps: false };
      if (one.form === "bar") {
        const alpha = this.spec.dynamic ? 1 : 0.34;
        return { ...common, points: { show: false }, paths: uPlot.paths.bars({ size: [0.78, 42], gap: 0 }), width: 0, fill: this.spec.dynamic ? color : filled(alpha), stroke: color };
      }
      const fill = one.form === "area" ? () => clear(color(), Number(token("--fill")) || 0.14) : one.form === "stack" && !one.on && k === 0 ? filled(0.62) : undefined;
      return { ...common, stroke: one.form === "stack" ? "transparent" : color, width: one.form === "stack" ? 0 : 1.6, dash: one.dash, fill };
    }

    // What stands on another series is filled down to it.
    band(one, k) {
      if (one.form !== "stack" || (k === 0 && !one.on)) return [];
      const below = one.on ? this.series.findIndex((other) => other.key === one.on) : k - 1;
      return [{ series: [k + 1, below + 1], fill: () => clear(token(`--${one.color}`), one.on ? 0.18 : 0.62) }];
    }

    // The time that is compared.
    between(u) {
      const ends = (this.spec.marks || []).filter((mark) => mark.role).map((mark) => u.valToPos(mark.at / 1000, "x", true)).sort((a, b) => a - b);
      if (ends.length !== 2) return;
      const left = Math.max(ends[0], u.bbox.left), right = Math.min(ends[1], u.bbox.left + u.bbox.width);
      u.ctx.save();
      u.ctx.fillStyle = token("--accent-soft");
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
      u.ctx.restore();
    }

    hatch(u) {
      if (!this.gaps.length) return;
      const { ctx, bbox } = u, ratio = devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      for (const [from, to] of this.gaps) {
        const x = Math.max(u.valToPos(from, "x", true), bbox.left), end = Math.min(u.valToPos(to, "x", true), bbox.left + bbox.width);
        if (end > x) ctx.rect(x, bbox.top, end - x, bbox.height);
      }
      ctx.clip();
      ctx.strokeStyle = token("--line-2");
      ctx.lineWidth = ratio * 0.8;
      ctx.beginPath();
      for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += 6 * ratio) { ctx.moveTo(x, bbox.top + bbox.height); ctx.lineTo(x + bbox.height, bbox.top); }
      ctx.stroke();
      ctx.restore();
    }

    base(u) {
      const { ctx, bbox } = u, y = Math.round(bbox.top + bbox.height) + 0.5;
      ctx.save();
      ctx.strokeStyle = token("--line-2");
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
      ctx.restore();
    }

    // Least squares over what came since spec.trend, dashed, with the band in which 95 % of the points should lie.
    fit() {
      const points = [];
      this.columns.t.forEach((time, i) => { const value = this.columns.series[this.series[0].key]?.[i]; if (time >= this.spec.trend && value !== null && value !== undefined) points.push([time / 1000, value]); });
      if (points.length < 5) return null;
      const n = points.length, mx = points.reduce((a, p) => a + p[0], 0) / n, my = points.reduce((a, p) => a + p[1], 0) / n;
      const sxx = points.reduce((a, p) => a + (p[0] - mx) ** 2, 0), slope = points.reduce((a, p) => a + (p[0] - mx) * (p[1] - my), 0) / sxx;
      const error = Math.sqrt(points.reduce((a, p) => a + (p[1] - my - slope * (p[0] - mx)) ** 2, 0) / (n - 2));
      return { from: points[0][0], to: points[n - 1][0], at: (x) => my + slope * (x - mx), half: (x) => 1.96 * error * Math.sqrt(1 + 1 / n + (x - mx) ** 2 / sxx) };
    }

    trend(u) {
      const fit = this.spec.trend && this.fit();
      if (!fit) return;
      const { ctx } = u, X = (x) => u.valToPos(x, "x", true), Y = (y) => u.valToPos(y, "y", true);
      const steps = Array.from({ length: 25 }, (_, i) => fit.from + (fit.to - fit.from) * i / 24);
      ctx.save();
      ctx.beginPath(); ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height); ctx.clip();
      ctx.fillStyle = clear(token("--bad"), 0.16);
      ctx.beginPath();
      steps.forEach((x, i) => ctx[i ? "lineTo" : "moveTo"](X(x), Y(fit.at(x) + fit.half(x))));
      [...steps].reverse().forEach((x) => ctx.lineTo(X(x), Y(fit.at(x) - fit.half(x))));
      ctx.fill();
      ctx.strokeStyle = token("--bad");
      ctx.lineWidth = 1.4 * devicePixelRatio;
      ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath(); ctx.moveTo(X(fit.from), Y(fit.at(fit.from))); ctx.lineTo(X(fit.to), Y(fit.at(fit.to))); ctx.stroke();
      ctx.restore();
    }

    // The legend is the readout: values under the crosshair, else the newest.
    readout() {
      const u = this.uplot;
      if (!u) return;
      const over = u.cursor.idx !== null && u.cursor.idx !== undefined && u.cursor.left >= 0;
      let index = over ? u.cursor.idx : u.data[0].length - 1;
      while (!over && index > 0 && this.values.every((list) => list[index] === null)) index--;
      const at = new Date(u.data[0][index] * 1000);
      const text = (this.interval >= 60_000 ? minute : clock).format(at);
      const items = [];
      if (over) items.push(legendItem("at", null, text));
      const fit = this.spec.trend ? this.fit() : null;
      this.series.forEach((one, k) => items.push(legendItem(one.label, this.swatch(one), figure(this.values[k][index], one.unit || this.spec.unit))));
      if (fit) {
        const x = u.data[0][index], round = (value) => figure(Math.round(value), this.spec.unit);
        items.push(legendItem("trend", "sw sw-bad line dash", round(fit.at(x))), legendItem("95 % band", "sw sw-band", `${round(fit.at(x) - fit.half(x))} – ${round(fit.at(x) + fit.half(x))}`));
      }
      this.legend.replaceChildren(...(this.piled ? items.reverse() : items));
      if (this.flag) {
        this.flag.hidden = !over;
        if (over) { this.flag.textContent = text; this.flag.style.left = `${Math.min(Math.max(u.cursor.left, 30), u.over.clientWidth - 30)}px`; }
      }
    }

    swatch(one) {
      if (one.form === "stack" && one.on) return "sw sw-free";
      if (one.form === "bar" && !this.spec.dynamic) return "sw sw-free";
      return `sw sw${one.color.slice(1)}${one.form === "line" ? " line" : ""}${one.dash ? " dash" : ""}`;
    }

    key(event) {
      const u = this.uplot;
      if (!u || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "Escape") { announce(""); return u.setCursor({ left: -10, top: -10 }, true, true); }
      const last = u.data[0].length - 1, now = u.cursor.left >= 0 && u.cursor.idx !== null ? u.cursor.idx : last + 1;
      const jump = event.shiftKey ? 10 : 1;
      const index = { ArrowLeft: now - jump, ArrowRight: now + jump, Home: 0, End: last }[event.key];
      u.setCursor({ left: u.valToPos(u.data[0][Math.min(Math.max(index, 0), last)], "x"), top: 0 }, true, true);
      announce($$("li", this.legend).map((item) => item.textContent.trim()).join(", "));
      return undefined;
    }

    // Dragging over a chart shows that time on the whole page.
    zoom(u) {
      if (u.select.width < 8 || this.spec.marks || !$(".range")) return;
      const from = Math.round(u.posToVal(u.select.left, "x") * 1000), to = Math.round(u.posToVal(u.select.left + u.select.width, "x") * 1000);
      u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      visit(changed({ range: null, from, to, before: null }));
    }

    placeMarks() {
      const u = this.uplot;
      if (!u || !this.spec.marks) return;
      $$(".mark", u.over).forEach((mark) => mark.remove());
      for (const mark of this.spec.marks) {
        const left = u.valToPos(mark.at / 1000, "x");
        if (left < 0 || left > u.over.clientWidth) continue;
        const line = document.createElement("div");
        line.className = mark.role ? "mark ab-mark" : left > u.over.clientWidth - 110 ? "mark flip" : "mark";
        line.style.left = `${left}px`;
        const label = document.createElement("span");
        label.textContent = mark.label;
        line.append(label);
        if (mark.role) draggable(line, u, mark);
        u.over.append(line);
      }
    }

    resize() {
      if (this.uplot && this.plot.clientWidth > 0 && this.plot.clientWidth !== this.uplot.width) this.uplot.setSize({ width: this.plot.clientWidth, height: this.plot.clientHeight });
    }

    redraw() { this.uplot?.redraw(false, true); if (this.uplot) this.readout(); }

    destroy() { this.observer.disconnect(); this.uplot?.destroy(); this.uplot = null; }
  }

  function legendItem(label, swatch, value) {
    const item = document.createElement("li");
    if (label === "at") { const at = document.createElement("span"); at.className = "at"; at.textContent = value; item.append(at); return item; }
    const mark = document.createElement("span"), strong = document.createElement("b");
    mark.className = swatch;
    strong.textContent = value;
    item.append(mark, `${label} `, strong);
    return item;
  }

  // A mark of the compare page: drag it, or move it with the arrow keys, and the page compares that moment.
  function draggable(line, u, mark) {
    const handle = line.firstChild;
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `Moment ${mark.label}`);
    handle.setAttribute("aria-valuemin", Math.round(u.scales.x.min));
    handle.setAttribute("aria-valuemax", Math.round(u.scales.x.max));
    const tell = (at) => { handle.setAttribute("aria-valuenow", Math.round(at / 1000)); handle.setAttribute("aria-valuetext", FORMS.stamp(new Date(at))); };
    tell(mark.at);
    const settle = (at) => visit(changed({ [mark.role]: Math.round(at) }));
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault(); event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      const dragging = new AbortController(), { signal } = dragging, before = line.style.left;
      let left = null;
      const at = () => u.posToVal(left, "x") * 1000;
      handle.addEventListener("pointermove", (moved) => {
        left = Math.min(Math.max(moved.clientX - u.over.getBoundingClientRect().left, 0), u.over.clientWidth);
        line.style.left = `${left}px`;
        tell(at());
      }, { signal });
      handle.addEventListener("pointerup", () => { dragging.abort(); if (left !== null) settle(at()); }, { signal });
      // The system took the pointer, as for a gesture of its own: nothing was chosen.
      handle.addEventListener("pointercancel", () => { dragging.abort(); line.style.left = before; tell(mark.at); }, { signal });
    });
    handle.addEventListener("keydown", (event) => {
      const step = (u.scales.x.max - u.scales.x.min) * 1000 / 60;
      if (event.key === "ArrowLeft") settle(mark.at - step); else if (event.key === "ArrowRight") settle(mark.at + step); else return;
      event.preventDefault(); event.stopPropagation();
    });
  }

  function drawCharts() {
    for (const [element, chart] of charts) if (!element.isConnected) { chart.destroy(); charts.delete(element); }
    for (const element of $$("figure[data-chart]")) if (!charts.has(element) && !element.closest("details:not([open])")) charts.set(element, new Chart(element));
  }

  // ── Swap ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
  function changed(changes) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) { if (value === null || value === "") url.searchParams.delete(name); else url.searchParams.set(name, value); }
    return url.href;
  }

  async function page(url) {
    const response = await ask(url, "text/html", [400, 404]);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    localize(fresh);
    return fresh;
  }

  let visits = 0;
  async function visit(url, { replace = false } = {}) {
    const mine = ++visits;
    try {
      const fresh = await page(url);
      if (mine !== visits) return;
      history[replace ? "replaceState" : "pushState"](null, "", url);
      document.title = fresh.title;
      for (const name of ["process", "service", "cursor", "follow", "about"]) { const value = fresh.body.dataset[name]; if (value === undefined) delete body.dataset[name]; else body.dataset[name] = value; }
      morph($("main"), $("main", fresh));
      settle();
      const anchor = new URL(url).hash && $(new URL(url).hash);
      if (anchor && !replace && anchor.getBoundingClientRect().top > innerHeight) anchor.scrollIntoView({ block: "center" });
      live.restart();
    } catch (error) {
      location.assign(url);
    }
  }

  // Fetches parts of this page again and puts what differs into place.
  async function refresh(kinds) {
    const parts = $$("[data-part]").filter((part) => part.dataset.on === "always" || kinds.has(part.dataset.on));
    if (!parts.length) return;
    const mine = visits;
    const fresh = await page(changed({ part: [...new Set(parts.map((part) => part.dataset.part))].join(",") }));
    if (mine !== visits || !live.following) return;
    // A part that is gone means that the page has become another one: the first report came, or nothing is left to show.
    if (parts.some((part) => !$(`[data-part="${part.dataset.part}"]`, fresh))) { await visit(location.href, { replace: true }); return; }
    for (const part of parts) {
      const other = $(`[data-part="${part.dataset.part}"]`, fresh);
      if (other && !(part.matches(":hover, :focus-within") && rows(part) !== rows(other))) morph(part, other);
    }
    settle();
  }

  // Names of the rows, in order: rows must not jump under the pointer.
  const rows = (part) => $$("tbody th, .log time", part).map((cell) => cell.textContent).join("\n");

  function settle() { fillMoments(); drawCharts(); tick(); $$("input[data-filters]").forEach(filterRows); }

  // Rows and charts meet by their ids, wherever they stand. What the viewer has opened stays open, and what is typed stays.
  const MORPHING = {
    ignoreActiveValue: true,
    callbacks: {
      beforeNodeMorphed: (old) => !old.dataset?.keep,
      beforeAttributeUpdated: (name) => name !== "open" && name !== "nonce",
    },
  };
  const morph = (old, fresh) => Idiomorph.morph(old, fresh, MORPHING);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    visit(link.href);
  });
  const formUrl = (form) => {
    const url = new URL(form.action, location.href);
    for (const [name, value] of new FormData(form)) if (value !== "") url.searchParams.append(name, value);
    return url.href;
  };
  let typing;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form) return;
    clearTimeout(typing);
    typing = setTimeout(() => visit(formUrl(form), { replace: true }), 180);
  });
  document.addEventListener("change", (event) => {
    if (event.target.dataset?.resubmit) return void visit(formUrl(event.target.form));
    const form = event.target.closest("form[data-choose], form[data-scope]");
    if (!form) return;
    if (form.dataset.scope === undefined) return void visit(formUrl(form));
    const [kind, id] = event.target.value.split("-");
    visit(changed({ process: null, service: null, subject: null, name: null, ...(id ? { [kind]: id } : {}) }));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-confirm]") && !confirm(form.dataset.confirm)) event.preventDefault();
    if (!form.matches("form[data-swap], form[data-choose]")) return;
    event.preventDefault();
    clearTimeout(typing);
    visit(formUrl(form));
  });
  addEventListener("popstate", () => visit(location.href, { replace: true }));

  // ── Live ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
  const live = {
    // Where a process is followed, each second; elsewhere less often, and ever less while nothing is new.
    get interval() { return body.dataset.process ? 1000 : 2000; },
    idlest: 5000, slowest: 30_000, wait: 1000, timer: null, paused: false, newest: 0, failing: null, lastFull: 0, busy: false,

    start() { this.lastFull = Date.now(); this.show(); this.schedule(this.interval); setInterval(() => { tick(); this.show(); }, 1000); },
    restart() { this.wait = this.interval; this.failing = null; this.schedule(300); this.show(); },
    schedule(ms) { clearTimeout(this.timer); this.timer = setTimeout(() => this.poll(), ms); },
    get following() { return body.dataset.follow === "true" && !this.paused; },

    async poll() {
      if (!this.following || document.hidden || this.busy) return this.schedule(this.interval);
      this.busy = true;
      try {
        const kinds = await this.news();
        const idle = !kinds.size && !body.dataset.process && !$("[data-on=always]");
        if (Date.now() - this.lastFull > (body.dataset.process ? 10_000 : 30_000)) kinds.add("snapshot");
        if (kinds.size || $("[data-on=always]")) await this.take(kinds);
        this.wait = idle && !this.failing ? Math.min(this.wait * 1.5, this.idlest) : this.interval;
        this.failing = null;
      } catch (error) {
        this.wait = REFUSALS[error.status] ? this.slowest : Math.min(this.wait * 2, this.slowest);
        this.failing = REFUSALS[error.status] || { word: "Connection lost" };
      }
      this.busy = false;
      this.show();
      this.schedule(this.wait);
      return undefined;
    },

    // Asks what came after the cursor; answers which kinds of part are out of date.
    async news() {
      const { process, cursor, service, about } = body.dataset;
      const query = new URLSearchParams({ after: cursor || "0" });
      if (process) query.set("process", process);
      if (about) query.set("about", about);
      const answer = await (await ask(`${rootPath}api/v1/live?${query}`, "application/json")).json();
      clockOffset = Date.now() - answer.now;
      body.dataset.cursor = answer.cursor;
      const kinds = new Set();
      const heard = process ? [answer.process] : answer.processes.filter((one) => !service || one.service_name === service);
      for (const one of heard) this.newest = Math.max(this.newest, one.last_seen_at);
      const other = about ? answer.changed : heard.length;
      if (process ? answer.events.length : other) kinds.add("event");
      if (process ? answer.events.some((event) => event.kind !== "gc") : other) kinds.add("snapshot");
      return kinds;
    },

    async take(kinds) {
      if (kinds.has("snapshot")) {
        this.lastFull = Date.now();
        for (const chart of charts.values()) chart.load({ follow: true });
      }
      await refresh(kinds);
      body.dataset.refreshed = Number(body.dataset.refreshed || 0) + 1;
    },

    show() {
      const element = $("#live"), word = $(".word", element), behind = $(".behind", element), again = $(".again", element);
      const age = this.newest ? serverNow() - this.newest : null;
      const state = this.failing ? "is-failing" : !this.following ? "is-paused" : this.newest && age > 60_000 ? "is-quiet" : "";
      const text = this.failing ? this.failing.word : body.dataset.follow === undefined ? "" : !this.following ? (this.paused ? "Paused" : "Not live") : this.newest ? "Live" : body.dataset.empty ? "no data yet" : "Live";
      element.className = `live ${state}`;
      if (word.textContent !== text) word.textContent = text;
      again.hidden = this.failing?.behind === undefined;
      again.href = location.href;
      behind.textContent = this.failing ? this.failing.behind ?? `trying again every ${Math.round(this.wait / 1000)} s` : this.following && age !== null ? `${duration(age)} behind` : "";
      element.hidden = text === "";
    },

    pause(paused) {
      this.paused = paused;
      const button = $("#pause");
      if (button) { button.setAttribute("aria-pressed", String(paused)); $("span", button).textContent = paused ? "Go on" : "Pause"; }
      this.show();
      if (!paused) { this.lastFull = 0; this.restart(); }
    },
  };

  // ── Controls ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  document.addEventListener("click", async (event) => {
    const target = event.target.closest("button, summary, a");
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!target) return;
    if (target.dataset.themeChoice) applyTheme(target.dataset.themeChoice);
    if (target.id === "pause") live.pause(!live.paused);
    if (target.dataset.print !== undefined) print();
    if (target.dataset.copy !== undefined) {
      await navigator.clipboard.writeText($("pre", target.parentElement).textContent);
      target.textContent = "Copied";
      setTimeout(() => { target.textContent = "Copy"; }, 2000);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = $("details.menu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); return; }
    const close = $("[data-close]");
    if (!close || event.target.closest(".plot")) return;
    event.preventDefault(); // else it also empties a search field, which asks for another page at the same time
    close.click();
  });
  // Moments are typed in the viewer's zone and sent as unix milliseconds.
  const localInput = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  function fillMoments(root = document) {
    for (const input of $$("input[data-moment]", root)) { const hidden = input.form.elements[input.dataset.moment]; if (hidden.value && input !== document.activeElement) input.value = localInput(Number(hidden.value)); }
  }
  document.addEventListener("change", (event) => {
    const input = event.target.closest("input[data-moment]");
    if (!input || !input.value) return;
    input.form.elements[input.dataset.moment].value = new Date(input.value).getTime();
    if (input.dataset.submit !== undefined) visit(formUrl(input.form));
  });
  function filterRows(input) {
    const wanted = input.value.toLowerCase();
    for (const row of $$(input.dataset.filters)) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    return wanted;
  }
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.filters && filterRows(event.target)) for (const fold of $$("details.fold:has(.kv.raw)")) fold.open = true;
  });

  // What is folded away asks for nothing until it is opened.
  document.addEventListener("toggle", (event) => { if (event.target.open && $("figure[data-chart]", event.target)) drawCharts(); }, true);

  // Paper is white and narrow whatever the screen is.
  const paper = { theme: null };
  addEventListener("beforeprint", () => {
    paper.theme = document.documentElement.dataset.theme || "auto";
    body.classList.add("on-paper");
    applyTheme("light", false);
    for (const chart of charts.values()) chart.resize();
  });
  addEventListener("afterprint", () => {
    body.classList.remove("on-paper");
    applyTheme(paper.theme, false);
    for (const chart of charts.values()) chart.resize();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { tokens = {}; for (const chart of charts.values()) chart.redraw(); });

  document.documentElement.classList.add("with-script");
  nameZone();
  localize(document);
  fillMoments();
  drawCharts();
  applyTheme(document.documentElement.dataset.theme || "auto", false);
  live.start();
})();
