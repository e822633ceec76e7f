// Asks for the JSON, remembers what it said for five minutes, and draws that.
//
// What comes from the server gets into the document as text alone: by `textContent`, or as an
// attribute that holds text.
'use strict';
(() => {
  const PATH = document.body.dataset.json;
  /** Between two questions, and until one is given up, in milliseconds. */
  const EVERY = 1000, PATIENCE = 5000;
  /** What charts show at the most and at the least, and what is judged, in seconds. */
  const PAST = 300, PAST_LEAST = 30, MINUTE = 60;
  /** Answers that are remembered for charts, and to be judged. */
  const KEPT = 330, COUNTED = 75;
  /** Two answers further apart than this, in seconds, have a gap between them. */
  const GAP = 6;
  /** Rows that are drawn above and below those that are seen. */
  const MARGIN = 6;
  /** Above a chart, for the figure that its top stands for. The style has it too. */
  const ROOM = 16;
  const CALM = matchMedia('(prefers-reduced-motion: reduce)');

  const byId = id => document.getElementById(id);

  // ---- Words -------------------------------------------------------------------------------

  const grouped = n => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const isNumber = n => typeof n === 'number' && Number.isFinite(n);
  /** More cannot be told from its neighbours, and is no limit. */
  const isLimit = n => isNumber(n) && n <= Number.MAX_SAFE_INTEGER;
  const count = n => isNumber(n) ? grouped(n) : '–';
  const rate = n => !isNumber(n) ? '–' : n > 0 && n < 10 ? n.toFixed(1) : grouped(n);
  /** A share; neither all nor nothing unless it is. */
  const share = n => {
    if (!isNumber(n)) return '–';
    const text = n === 0 || n === 1 ? String(100 * n) : Math.min(99.9, Math.max(.1, 100 * n)).toFixed(1);
    return text + '\u202f%';
  };
  const bytes = n => {
    if (!isNumber(n)) return '–';
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    while (n >= 1024 && unit + 1 < units.length) { n /= 1024; unit++; }
    return (unit > 0 && n < 10 && n % 1 !== 0 ? n.toFixed(1) : grouped(n)) + '\u202f' + units[unit];
  };
  const clock = at => new Date(at).toTimeString().slice(0, 8);
  const span = seconds => {
    const [s, m, h, d] = [seconds % 60, seconds / 60 % 60, seconds / 3600 % 24, seconds / 86400].map(Math.floor);
    return d > 0 ? `${d} d ${h} h` : h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min ${s} s` : `${s} s`;
  };
  /** A name as one line, in which nothing is hidden and nothing turns the rest around. */
  const shown = name => String(name).replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    char => `\\u{${char.codePointAt(0).toString(16)}}`,
  ) || '(no name)';

  const kindOf = pool => shown(pool.info.kind).replaceAll('-', ' ').replace('thread cached', 'thread-cached');

  /** Reasons for which objects are freed, of the two families of pools. */
  const DISCARDED = {
    full: ['No room in the depot, or none behind the cache', '`max_idle`, `cache`'],
    oversize: ['Grown too big', '`max_object_bytes`'],
    bytes: ['Too many bytes idle', '`max_bytes`'],
    invalid: ['Refused by `validate`', 'or it panicked'],
    panic: ['The reset panicked', ''],
    explicit: ['The program asked for it', '`discard`, `clear`'],
    trimmed: ['Idle for too long', '`trim`, `maintain`, `set_max_idle`'],
  };
  const DESTROYED = {
    full: ['Enough were idle', '`max_idle`'],
    expired: ['At the end of its life', '`max_lifetime`'],
    idle: ['Idle for too long', '`idle_timeout`, `max_age`'],
    broken: ['Refused by the check', '`check`'],
    released: ['Given up on return', '`on_release`, `discard`, `retain`'],
    resized: ['Too many after `resize`', ''],
    closed: ['The pool was closed', '`close`, `drain`'],
    panicked: ['Its user or a hook panicked', ''],
  };

  // ---- What is remembered ------------------------------------------------------------------

  const CACHED_COUNTS = ['gets', 'misses', 'created', 'returned', ...Object.keys(DISCARDED)];
  const MANAGED_COUNTS = ['gets', 'created', 'returned', 'waited', 'timed_out', 'cancelled',
    'create_failed', 'check_failed', ...Object.keys(DESTROYED)];
  /** What a chart is drawn from. */
  const GETS = 0, SECOND = 1, IN_USE = 2, IDLE = 3, SERIES = 4;

  /** Times of the answers, in seconds by the server's clock, and how many there were. */
  let times = new Float64Array(KEPT), ticks = 0;
  let instance, pools = new Map(), told, toldAt = 0;

  const timeOf = tick => times[tick % KEPT];
  const now = () => timeOf(ticks - 1);

  class Pool {
    constructor(info) {
      this.isManaged = info.kind !== 'thread-cached';
      this.counts = this.isManaged ? MANAGED_COUNTS : CACHED_COUNTS;
      this.reasons = this.isManaged ? DESTROYED : DISCARDED;
      this.series = new Float32Array(KEPT * SERIES).fill(NaN);
      this.counters = new Float64Array(COUNTED * this.counts.length);
      this.first = ticks - 1;
      /** The last answer by which as many were open as may be. */
      this.full = -1;
      // One that came between two answers had counted nothing at the first.
      if (this.first > 0 && now() - timeOf(this.first - 1) < GAP) this.first--;
    }

    take(info) {
      this.info = info;
      this.name = shown(info.name);
      this.lower = this.name.toLowerCase();
      const stats = this.stats = info.stats || {};
      this.freedAll = (this.isManaged ? stats.destroyed : stats.discarded) || {};
      this.limits = info.limits || {};
      const tick = ticks - 1, width = this.counts.length, at = tick % COUNTED * width;
      this.counts.forEach((name, place) => { this.counters[at + place] = this.total(name); });
      const point = tick % KEPT * SERIES;
      const past = Math.max(this.first, tick - 1), seconds = timeOf(tick) - timeOf(past);
      const gets = this.since(past, 'gets');
      const isKnown = past < tick && seconds > 0 && seconds < GAP;
      this.series[point + GETS] = isKnown ? gets / seconds : NaN;
      this.series[point + SECOND] = !isKnown ? NaN : this.isManaged ? this.since(past, 'waited') / seconds
        : gets > 0 ? 1 - this.since(past, 'misses') / gets : NaN;
      this.series[point + IN_USE] = stats.in_use;
      this.series[point + IDLE] = stats.idle;
      if (this.isManaged && stats.open >= (this.limits.max_open ?? Infinity)) this.full = tick;
      this.judge();
    }

    /** A counter, since the pool was made. */
    total(name) {
      const stats = this.stats;
      if (name === 'gets') return (this.isManaged ? stats.borrowed : stats.hits + stats.misses) || 0;
      return (name in this.reasons ? this.freedAll[name] : stats[name]) || 0;
    }

    /** How much a counter has grown since an answer. */
    since(tick, name) {
      const width = this.counts.length, place = this.counts.indexOf(name);
      const at = tick => this.counters[tick % COUNTED * width + place];
      return Math.max(0, at(ticks - 1) - at(tick));
    }

    /** The earliest answer within so many seconds. */
    back(seconds) {
      let tick = Math.max(this.first, ticks - COUNTED, 0);
      while (tick < ticks - 1 && timeOf(tick) < now() - seconds - .5) tick++;
      return tick;
    }

    /** What the last minute was like, for the table and to be sorted by. */
    judge() {
      const minute = this.minute = this.back(MINUTE), moment = this.back(5);
      this.seconds = now() - timeOf(minute);
      const seconds = now() - timeOf(moment), gets = this.since(minute, 'gets');
      this.gets = seconds > 0 ? this.since(moment, 'gets') / seconds : NaN;
      this.isOld = !(gets > 0);
      this.hit = this.isManaged ? NaN : !this.isOld ? 1 - this.since(minute, 'misses') / gets
        : this.total('gets') > 0 ? this.stats.hit_rate : NaN;
      this.freed = 0;
      for (const reason in this.reasons) this.freed += this.since(minute, reason);
      this.biting = this.limitThatBites();
    }

    /** What bites most, in a word or two, and how bad that is. */
    limitThatBites() {
      const has = name => this.since(this.minute, name) > 0;
      if (this.isManaged) {
        if (has('timed_out')) return ['bad', 'timeouts'];
        if (has('panicked')) return ['bad', 'panics'];
        if (has('create_failed')) return ['bad', 'creates fail'];
        if (this.queued() > 0 || has('waited')) return ['warn', this.bound()];
        if (has('broken')) return ['warn', 'check'];
        if (has('full')) return ['warn', 'max_idle'];
        return this.keptOut() > 0 ? ['warn', 'guards held'] : null;
      }
      if (has('panic')) return ['bad', 'reset panics'];
      if (has('invalid')) return ['warn', 'validate'];
      // Where there is no depot, as behind the caches of a `local` type, they are what was full.
      const most = [['full', this.limits.max_idle === 0 ? 'cache' : 'max_idle'], ['oversize', 'max_object_bytes'], ['bytes', 'max_bytes']]
        .filter(([reason]) => has(reason))
        .sort(([a], [b]) => this.since(this.minute, b) - this.since(this.minute, a))[0];
      return most ? ['warn', most[1]] : this.keptOut() > 0 ? ['warn', 'guards held'] : null;
    }

    /** Gets that wait now, without those of asynchronous pools for whom a create is under way. */
    queued() {
      const { waiting, creating } = this.stats;
      return Math.max(0, (waiting || 0) - (this.info.kind === 'async-resource' ? creating || 0 : 0));
    }

    /** What gets wait for: a place among those that are open, or to create, of which there are fewer. */
    bound() {
      if (!/resource$/.test(this.info.kind) || this.full >= this.minute) return 'max_open';
      const hasRoom = this.queued() > 0 || !isLimit(this.limits.max_open);
      // If nobody waits any more, it was one of them, in between two answers.
      return hasRoom ? 'max_connecting' : 'waits';
    }

    /**
     * How many objects more are out than a minute ago, if it were more at each look in between
     * and hardly any came back. The returns of a pool that is merely busy grow with its gets.
     */
    keptOut() {
      if (this.seconds < MINUTE - 5) return 0;
      const looks = [this.minute, this.back(40), this.back(20), ticks - 1];
      const out = looks.map(tick => this.series[tick % KEPT * SERIES + IN_USE] || 0);
      const growth = out[3] - out[0];
      const isSteady = out.every((n, look) => look === 0 || n > out[look - 1]);
      return isSteady && this.since(this.minute, 'returned') * 10 <= growth ? growth : 0;
    }

    /** For how long has been counted what is said of the last minute. */
    window() {
      return this.seconds >= MINUTE - 5 ? 'minute' : `${Math.max(1, Math.round(this.seconds))} s`;
    }

    /** All that there is to say of the last minute: how bad it is, and a sentence. */
    findings() {
      const n = name => this.since(this.minute, name);
      const limit = (name, as = count) => '`' + name + '`' +
        (isLimit(this.limits[name]) ? ' = ' + as(this.limits[name]) : '');
      const many = (n, one, more) => n === 1 ? '1 ' + one : count(n) + ' ' + more;
      const window = this.window(), when = `In the last ${window}${window === 'minute' ? '' : ','}`;
      const found = [];
      const say = (how, name, sentence) => { if (n(name) > 0) found.push([how, `${when} ${sentence(n(name))}`]); };
      if (this.isManaged) this.sayManaged(say, limit, many, n, found);
      else this.sayCached(say, limit, many, n);
      const kept = this.keptOut();
      if (kept > 0) {
        found.push(['warn', `${when} ${many(kept, 'more object went', 'more objects went')} out than came back, and ${count(this.stats.in_use)} are out now: somebody keeps guards. ${this.isManaged ? '`hold_warn_after` tells of each.' : 'A `HoldWatch` tells where they were got.'}`, 'Held: ']);
      }
      const weight = ([how]) => ['bad', 'warn', 'info'].indexOf(how);
      return found.sort((a, b) => weight(a) - weight(b));
    }

    sayCached(say, limit, many, n) {
      const objects = k => many(k, 'returned object was', 'returned objects were');
      const again = k => n('misses') >= k / 10
        ? ` Meanwhile ${many(n('misses'), 'get', 'gets')} had to create one.`
        : ' Hardly any get had to create one meanwhile: so far they were not missed.';
      say('bad', 'panic', k => `the reset of ${many(k, 'object', 'objects')} panicked, and ${k === 1 ? 'it was' : 'they were'} freed: a bug in a \`Reset\` or in a function given by \`with\`.`);
      say('warn', 'full', k => this.limits.max_idle === 0
        ? `${objects(k)} freed because the cache of the thread was full, or the thread ended, and the depot keeps none (${limit('max_idle')}): a larger \`cache\` keeps more.${again(k)}`
        : `${objects(k)} freed because the depot holds ${limit('max_idle')} already: raise \`max_idle\`, or expect the load to create ${k === 1 ? 'it' : 'them'} again.${again(k)}`);
      say('warn', 'bytes', k => `${objects(k)} freed because all idle objects together hold ${limit('max_bytes', bytes)} already: raise \`max_bytes\`, or have each keep less (\`max_capacity\`).${again(k)}`);
      say('warn', 'oversize', k => `${objects(k)} freed because ${k === 1 ? 'it' : 'each'} held more than ${limit('max_object_bytes', bytes)}: raise it if such objects are common, or have their buffers shrink (\`max_capacity\`).${again(k)}`);
      say('warn', 'invalid', k => `\`validate\` refused ${many(k, 'object', 'objects')}, or panicked: look for what leaves objects like that.`);
      say('info', 'explicit', k => `the program freed ${many(k, 'object', 'objects')} itself, by \`discard\` or \`clear\`.`);
      say('info', 'trimmed', k => `${many(k, 'object', 'objects')} that nobody had needed ${k === 1 ? 'was' : 'were'} freed, by \`trim\`, \`maintain\` or \`set_max_idle\`. If gets miss them, trim less often.`);
    }

    sayManaged(say, limit, many, n, found) {
      const stats = this.stats, open = limit('max_open');
      if (this.info.closed) found.push(['info', 'The pool is closed: it is listed until its last object is back.']);
      const bound = this.bound(), queued = this.queued(), gets = k => many(k, 'get', 'gets');
      const waits = (k, rest) => `Now ${k === 1 ? '1 get waits' : count(k) + ' gets wait'} ${rest}`;
      if (queued > 0) {
        found.push(['warn', waits(queued, bound === 'max_open'
          ? `for an object: ${count(stats.in_use)} are in use, and ${open} is the most there may be.`
          : `to create an object: ${count(stats.creating)} are being created, and no more may be at a time (\`max_connecting\`).`)]);
      }
      if (stats.waiting > queued) found.push(['info', waits(stats.waiting - queued, 'for objects that are being created.')]);
      say('bad', 'timed_out', k => this.total('waited') === 0
        ? `${gets(k)} gave up while an object was created or checked: none ever had to wait for room. See why that takes so long, or allow more (\`timeouts\`).`
        : bound === 'max_open'
          ? `${gets(k)} gave up waiting. With ${open}, raise \`max_open\` if ${/resource$/.test(this.info.kind) ? 'the other side bears it' : 'memory allows'}, hold objects for less long, or wait longer (\`timeouts\`).`
          : `${gets(k)} gave up waiting, for room or for a create. See whether creates take too long, or wait longer (\`timeouts\`).`);
      say('bad', 'create_failed', k => `${many(k, 'create', 'creates')} failed: see whether the other side is there.`);
      say('bad', 'panicked', k => `${many(k, 'object', 'objects')} ${k === 1 ? 'was' : 'were'} destroyed because of a panic.`);
      say('warn', 'waited', k => bound === 'max_open'
        ? `${gets(k)} had to wait because ${open} were open already; ${count(n('gets'))} got an object in that time. Raise \`max_open\`, or hold objects for less long.`
        : `${gets(k)} had to wait because ${bound === 'waits' ? `${open} were open already, or ` : ''}as many were being created as may be at a time (\`max_connecting\`); ${count(n('gets'))} got an object in that time.`);
      say('warn', 'broken', k => `the check refused ${many(k, 'object', 'objects')}, which ${k === 1 ? 'was' : 'were'} replaced: perhaps the other side closes them when idle; an \`idle_timeout\` below its own avoids that.`);
      say('warn', 'full', k => `${many(k, 'returned object was', 'returned objects were')} destroyed because ${limit('max_idle')} were idle already: raise \`max_idle\`, or expect the load to create ${k === 1 ? 'it' : 'them'} again.`);
      say('info', 'cancelled', k => `${many(k, 'get was', 'gets were')} cancelled.`);
      say('info', 'expired', k => `${many(k, 'object', 'objects')} reached the end of ${k === 1 ? 'its' : 'their'} life (\`max_lifetime\`).`);
      say('info', 'idle', k => `${many(k, 'object was', 'objects were')} idle for too long, and destroyed (\`idle_timeout\`, \`max_age\`).`);
      say('info', 'released', k => `${many(k, 'object was', 'objects were')} given up by ${k === 1 ? 'its' : 'their'} users (\`on_release\`, \`discard\`, \`retain\`).`);
    }
  }

  /** Remembers an answer. */
  const take = answer => {
    const at = answer.uptime_ms / 1000;
    if (answer.instance !== instance || (ticks > 0 && at < now())) {
      instance = answer.instance;
      pools = new Map();
      times = new Float64Array(KEPT);
      ticks = 0;
    }
    times[ticks++ % KEPT] = at;
    const live = new Map();
    for (const info of answer.pools) {
      // One that was not in the last answer begins anew.
      const pool = pools.get(info.id) || new Pool(info);
      pool.take(info);
      live.set(info.id, pool);
    }
    pools = live;
    told = answer;
    toldAt = Date.now();
  };

  // ---- Drawing -----------------------------------------------------------------------------

  /** An element with text or others in it. */
  const make = (tag, attributes = {}, ...inside) => {
    const isSvg = tag === 'svg' || tag === 'path';
    const element = isSvg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.append(...inside);
    return element;
  };
  /** Says something, if that is new. */
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const put = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };
  /** A sentence of ours, in which names of the library stand between backticks. */
  const sentence = text => text.split('`').map((part, place) => place % 2 ? make('code', {}, part) : part);

  /** For how many seconds a chart goes back. */
  const reach = () => Math.min(PAST, Math.max(PAST_LEAST, now() - timeOf(Math.max(0, ticks - KEPT))));

  /** A line, and the area below it, in a box that is so wide and high, with room above. */
  const trace = (pool, series, width, height, top, past, room = 2) => {
    const end = now(), first = Math.max(pool.first, ticks - KEPT, 0);
    let line = '', area = '', from = NaN, last = NaN, then = NaN;
    const close = () => { if (line && !Number.isNaN(from)) area += `L${last} ${height}L${from} ${height}Z`; from = NaN; };
    for (let tick = first; tick < ticks; tick++) {
      const time = timeOf(tick), value = pool.series[tick % KEPT * SERIES + series];
      if (Number.isNaN(value) || end - time > past + 3) { close(); continue; }
      const x = (width * (1 - (end - time) / past)).toFixed(1);
      const y = (height - 1 - (height - 1 - room) * Math.min(1, value / top)).toFixed(1);
      const begins = Number.isNaN(from) || time - then > GAP;
      if (begins) { close(); from = x; }
      line += (begins ? 'M' : 'L') + x + ' ' + y;
      area += begins ? `M${x} ${height}L${x} ${y}` : `L${x} ${y}`;
      last = x;
      then = time;
    }
    close();
    return [line, area];
  };

  const most = (pool, series, past) => {
    let most = 0;
    for (let tick = Math.max(pool.first, ticks - KEPT, 0); tick < ticks; tick++) {
      const value = pool.series[tick % KEPT * SERIES + series];
      if (value > most && now() - timeOf(tick) <= past) most = value;
    }
    return most;
  };
  const latest = (pool, series) => pool.series[(ticks - 1) % KEPT * SERIES + series];

  /** The least of 1, 2, 5, 10, 20 .. that is not below. */
  const ceiling = n => {
    const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
    return [1, 2, 5, 10].map(digit => digit * power).find(top => top >= n);
  };

  // ---- The table ---------------------------------------------------------------------------

  const COLUMNS = [
    { key: 'name', title: 'Pool', by: pool => pool.lower, isText: true },
    { key: 'past', title: 'Past' },
    { key: 'gets', title: 'Gets/s', by: pool => pool.gets },
    { key: 'hit', title: 'Hit rate', by: pool => pool.hit },
    { key: 'used', title: 'In use', by: pool => pool.stats.in_use },
    { key: 'idle', title: 'Idle', by: pool => pool.stats.idle },
    { key: 'kept', title: 'Kept', by: pool => pool.stats.bytes_idle },
    { key: 'freed', title: 'Freed/min', by: pool => pool.freed },
    { key: 'limit', title: 'Limit', by: pool => !pool.biting ? 0 : pool.biting[0] === 'bad' ? 2 : 1 },
  ];
  let sorting = { key: 'gets', down: true };
  /** The pools in the order of the table, those that the filter lets through. */
  let order = [];
  /** The one that is opened. */
  let opened = null;

  const head = byId('head'), rows = byId('rows'), table = byId('table'), filter = byId('filter');
  const pads = [0, 1].map(() => make('tr', { class: 'pad', 'aria-hidden': 'true' }, make('td')));
  const drawn = new Map();

  for (const column of COLUMNS) {
    const isLeft = column.isText || !column.by || column.key === 'limit';
    const cell = make('th', { scope: 'col', class: `col-${column.key} ${column.key}${isLeft ? ' left' : ''}` });
    if (column.by) {
      const button = make('button', { type: 'button' }, column.title, make('span', { 'aria-hidden': 'true' }));
      button.addEventListener('click', () => {
        const isSame = sorting.key === column.key;
        sorting = { key: column.key, down: isSame ? !sorting.down : !column.isText };
        drawHead();
        arrange(true);
        drawRows();
      });
      cell.append(button);
    } else {
      cell.append(make('span', {}, column.title));
    }
    head.append(cell);
  }

  const drawHead = () => COLUMNS.forEach((column, place) => {
    const cell = head.children[place], isIt = column.key === sorting.key;
    if (isIt) cell.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
    else cell.removeAttribute('aria-sort');
    if (column.by) say(cell.firstChild.lastChild, isIt ? (sorting.down ? ' ▼' : ' ▲') : '');
  });

  /** Puts the pools in order. Rows that somebody points at stay where they are, if they may. */
  const arrange = anew => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = pool => words.every(word => pool.lower.includes(word));
    if (!anew && (rows.matches(':hover') || rows.querySelector(':focus-visible'))) {
      const known = new Set(order);
      order = order.filter(id => pools.has(id));
      for (const [id, pool] of pools) if (!known.has(id) && matches(pool)) order.push(id);
      return;
    }
    const { by, isText } = COLUMNS.find(column => column.key === sorting.key);
    const sign = sorting.down ? -1 : 1;
    const compare = (a, b) => {
      if (isText) return a < b ? -sign : a > b ? sign : 0;
      // What is not known comes last, however it is sorted.
      if (!isNumber(a) || !isNumber(b)) return isNumber(b) - isNumber(a);
      return sign * (a - b);
    };
    const keyed = [];
    for (const [id, pool] of pools) if (matches(pool)) keyed.push([by(pool), pool.lower, id]);
    keyed.sort((a, b) => compare(a[0], b[0]) || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[2] - b[2]));
    order = keyed.map(key => key[2]);
  };

  /** A row without its figures. */
  const makeRow = (id, pool) => {
    const open = make('button', { type: 'button' });
    const kind = make('span'), beside = make('span', { class: 'beside' });
    const sub = make('span', { class: 'sub' }, kind, beside);
    const cells = { name: make('th', { scope: 'row', class: 'name left' }, open, sub) };
    for (const { key } of COLUMNS.slice(1)) {
      cells[key] = make('td', { class: key + (key === 'past' || key === 'limit' ? ' left' : '') });
    }
    const area = make('path', { class: 'area' }), line = make('path', { class: 'stroke' });
    cells.past.append(make('svg', { viewBox: '0 0 88 22', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, area, line));
    const tr = make('tr', {}, ...COLUMNS.map(({ key }) => cells[key]));
    // The whole row can be clicked; what can be reached without a mouse is the name.
    tr.addEventListener('click', () => openPool(id));
    return { tr, cells, open, kind, beside, area, line };
  };

  const drawChip = (cell, biting) => {
    const text = biting ? biting[1] : '';
    if (cell.dataset.says === text) return;
    cell.dataset.says = text;
    cell.replaceChildren(...(biting ? [make('span', { class: `chip ${biting[0]}` }, text)] : []));
  };

  const drawRow = (row, id, place, pool) => {
    const { cells } = row, { stats } = pool;
    put(row.tr, 'aria-rowindex', String(place + 2));
    row.tr.classList.toggle('chosen', id === opened);
    say(row.open, pool.name);
    put(row.open, 'title', pool.name);
    put(row.open, 'aria-pressed', String(id === opened));
    say(row.kind, kindOf(pool));
    // Where there is no room for its column, what bites stands beside the kind.
    drawChip(row.beside, pool.biting);
    const past = reach();
    const [line, area] = trace(pool, GETS, 88, 22, Math.max(1, most(pool, GETS, past)), past);
    put(row.line, 'd', line);
    put(row.area, 'd', area);
    say(cells.gets, rate(pool.gets));
    say(cells.hit, share(pool.hit));
    cells.hit.classList.toggle('old', pool.isOld);
    put(cells.hit, 'title', pool.isManaged ? 'Not counted by pools that are waited for'
      : pool.isOld ? 'Since the pool was made: no get in the last minute' : 'In the last minute');
    say(cells.used, count(stats.in_use));
    say(cells.idle, count(stats.idle));
    // What lies in the caches of threads is counted at their next exchange with the depot.
    say(cells.kept, (stats.idle > 0 && stats.bytes_idle === 0 ? '≥\u202f' : '') + bytes(stats.bytes_idle));
    say(cells.freed, count(pool.freed));
    drawChip(cells.limit, pool.biting);
  };

  const heightOfRow = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 46;

  /** Draws the rows that can be seen, and room for the others. */
  const drawRows = () => {
    const height = heightOfRow(), top = rows.getBoundingClientRect().top;
    let first = Math.floor(-top / height) - MARGIN, end = Math.ceil((innerHeight - top) / height) + MARGIN;
    first = Math.max(0, Math.min(first, order.length));
    end = Math.max(first, Math.min(end, order.length));
    const wanted = new Set(order.slice(first, end));
    for (const [id, row] of drawn) {
      if (!wanted.has(id)) {
        row.tr.remove();
        drawn.delete(id);
      }
    }
    pads[0].firstChild.style.height = `${first * height}px`;
    pads[1].firstChild.style.height = `${(order.length - end) * height}px`;
    pads[0].hidden = first === 0;
    pads[1].hidden = end === order.length;
    if (pads[0].parentNode !== rows) rows.append(...pads);
    let before = pads[0];
    for (let place = first; place < end; place++) {
      const id = order[place], pool = pools.get(id);
      if (!pool) continue;
      let row = drawn.get(id);
      if (!row) drawn.set(id, row = makeRow(id, pool));
      drawRow(row, id, place, pool);
      if (before.nextSibling !== row.tr) before.after(row.tr);
      before = row.tr;
    }
    put(table, 'aria-rowcount', String(order.length + 1));
    table.hidden = order.length === 0;
    byId('none').hidden = order.length > 0;
    say(byId('shown'), order.length === pools.size ? '' : `${count(order.length)} of ${count(pools.size)}`);
  };

  // ---- The details -------------------------------------------------------------------------

  const openPool = id => {
    opened = id === opened ? null : id;
    drawDetail();
    drawRows();
    const detail = byId('detail');
    // Where it is not beside the table it is above, perhaps far away.
    if (opened !== null && detail.getBoundingClientRect().bottom < 120) {
      detail.scrollIntoView({ block: 'start' });
      detail.focus({ preventScroll: true });
    }
  };

  const busiest = () => {
    let best = null;
    for (const [id, pool] of pools) {
      if (best === null || (pool.gets || 0) > (pools.get(best).gets || 0)) best = id;
    }
    return best;
  };

  /** The parts of the details, and what they are of. */
  let parts = null;

  const makeChart = title => {
    const area = make('path', { class: 'area' }), line = make('path', { class: 'stroke' }), second = make('path', { class: 'second' });
    const svg = make('svg', { viewBox: '0 0 300 64', preserveAspectRatio: 'none', role: 'img' }, area, line, second);
    const value = make('b'), top = make('small'), from = make('span');
    const caption = make('figcaption', {}, make('span', {}, ...title), value);
    const figure = make('figure', {}, caption, make('div', { class: 'plot' }, svg, top),
      make('div', { class: 'axis', 'aria-hidden': 'true' }, from, make('span', {}, 'now')));
    return { figure, svg, area, line, second, value, top, from };
  };

  const makeDetail = (id, pool) => {
    const name = make('h2', { id: 'detail-name' });
    const close = make('button', { type: 'button' }, 'Close');
    close.addEventListener('click', () => openPool(opened));
    const which = make('p', { class: 'which' });
    const findings = make('ul', { class: 'findings' });
    const charts = [
      makeChart(['Gets per second']),
      makeChart([pool.isManaged ? 'Gets per second that had to wait' : 'Hit rate']),
      makeChart(['In use, and ', make('span', { class: 'key' }, 'idle (dashed)')]),
    ];
    const line = (label, note) => {
      const cells = [make('td'), make('td')];
      const title = make('th', { scope: 'row' }, ...sentence(label));
      if (note) title.append(make('small', {}, ...sentence(note)));
      return { tr: make('tr', {}, title, ...cells), cells };
    };
    const reasons = Object.entries(pool.reasons).map(([key, [label, note]]) => ({ key, ...line(label, note) }));
    const counts = pool.counts.filter(key => !(key in pool.reasons)).map(key => ({ key, ...line({
      gets: 'Gets', misses: 'of these, created one', created: 'Created', returned: 'Returned', waited: 'Had to wait',
      timed_out: 'Timed out', cancelled: 'Cancelled', create_failed: 'Creates that failed', check_failed: 'Checks that failed',
    }[key]) }));
    const windows = [0, 1].map(() => make('th', { scope: 'col' }));
    const figures = (title, window, lines) => make('table', { class: 'figures' },
      make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, title), window, make('th', { scope: 'col' }, 'In all'))),
      make('tbody', {}, ...lines.map(line => line.tr)));
    const limits = make('tbody');
    const state = make('tbody');
    const two = (title, body) => make('table', { class: 'figures' }, make('thead', {}, make('tr', {},
      make('th', { scope: 'col' }, title), make('th', { scope: 'col' }, ''))), body);
    byId('detail').replaceChildren(
      make('div', { class: 'title' }, name, close), which, findings,
      make('div', { class: 'charts' }, ...charts.map(chart => chart.figure)),
      make('h3', {}, pool.isManaged ? 'Objects destroyed' : 'Objects freed'), figures('Why', windows[0], reasons),
      make('h3', {}, 'Counted'), figures('What', windows[1], counts),
      make('h3', {}, 'Now, and at the most'), two('What', state), make('h3', {}, 'Limits'), two('Limit', limits),
    );
    return { id, pool, name, close, which, findings, charts, windows, lines: [...reasons, ...counts], limits, state };
  };

  const drawChart = (chart, pool, series, top, as, title, other) => {
    const past = reach();
    const [line, area] = trace(pool, series, 300, 64, top, past, ROOM);
    put(chart.line, 'd', line);
    put(chart.area, 'd', area);
    put(chart.second, 'd', other === undefined ? '' : trace(pool, other, 300, 64, top, past, ROOM)[0]);
    const value = latest(pool, series);
    say(chart.value, as(value) + (other === undefined ? '' : ` / ${as(latest(pool, other))}`));
    say(chart.top, as(top));
    say(chart.from, past >= 120 ? `${Math.round(past / 60)} min ago` : `${Math.round(past)} s ago`);
    put(chart.svg, 'aria-label', `${title}, over the last ${span(past)}: now ${as(value)}, at most ${as(most(pool, series, past))}`);
    // From where it was drawn last it moves to where it is now. The whole box does, which costs
    // this thread nothing: what moves inside of it is painted anew sixty times in a second.
    const step = ticks > 1 ? now() - timeOf(ticks - 2) : 0;
    if (!CALM.matches && step > 0 && step < GAP && chart.moved !== ticks) {
      chart.svg.animate([{ transform: `translateX(${100 * step / past}%)` }, { transform: 'none' }], { duration: EVERY });
    }
    chart.moved = ticks;
  };

  /** Fills a table of two columns. */
  const drawPairs = (body, pairs) => {
    const text = JSON.stringify(pairs);
    if (body.dataset.says === text) return;
    body.dataset.says = text;
    body.replaceChildren(...pairs.map(([name, value]) =>
      make('tr', {}, make('th', { scope: 'row' }, ...sentence(name)), make('td', {}, value))));
  };

  const drawDetail = () => {
    const isGone = opened !== null && !pools.has(opened);
    const id = opened !== null && !isGone ? opened : busiest();
    const pool = pools.get(id);
    if (!pool) return;
    if (!parts || parts.id !== id || parts.pool !== pool) parts = makeDetail(id, pool);
    const { stats, limits } = pool;
    say(parts.name, pool.name);
    byId('detail').classList.toggle('brief', opened === null);
    parts.close.hidden = opened === null;
    const kind = kindOf(pool) + ' pool';
    say(parts.which, isGone ? `The pool that was opened is gone. This is the busiest: a ${kind}`
      : opened === null ? `The busiest: a ${kind}. Choose another in the table.`
      : kind[0].toUpperCase() + kind.slice(1) + (isNumber(pool.info.caches) ? `, used by ${count(pool.info.caches)} ${pool.info.caches === 1 ? 'thread' : 'threads at a time'}` : ''));

    const found = pool.findings();
    if (!found.length) found.push(['info', ticks - 1 > pool.first ? 'No limit was in the way in the last minute.' : 'Counting since just now.']);
    const text = JSON.stringify(found);
    if (parts.findings.dataset.says !== text) {
      parts.findings.dataset.says = text;
      const words = { bad: 'Trouble: ', warn: 'Limit: ', info: '' };
      parts.findings.replaceChildren(...found.map(([how, what, word = words[how]]) =>
        make('li', { class: how }, ...(word ? [make('b', {}, word)] : []), ...sentence(what))));
    }

    const past = reach(), [gets, second, use] = parts.charts;
    drawChart(gets, pool, GETS, ceiling(most(pool, GETS, past)), rate, 'Gets per second');
    if (pool.isManaged) drawChart(second, pool, SECOND, ceiling(most(pool, SECOND, past)), rate, 'Gets per second that had to wait');
    else drawChart(second, pool, SECOND, 1, share, 'Hit rate');
    drawChart(use, pool, IN_USE, ceiling(Math.max(most(pool, IN_USE, past), most(pool, IDLE, past))), count, 'In use', IDLE);

    for (const window of parts.windows) say(window, `Last ${pool.window()}`);
    for (const { key, cells } of parts.lines) {
      say(cells[0], count(pool.since(pool.minute, key)));
      say(cells[1], count(pool.total(key)));
    }
    drawPairs(parts.state, pool.isManaged
      ? [['Open', count(stats.open)], ['In use', count(stats.in_use)], ['Idle', count(stats.idle)], ['Waiting gets', count(stats.waiting)],
        ['Being checked', count(stats.checking)], ['Being created', count(stats.creating)], ['Taken out for good', count(stats.detached)]]
      : [['In use', count(stats.in_use)], ['Idle', count(stats.idle)], ['Kept by idle objects, at least', bytes(stats.bytes_idle)],
        ['Taken out for good', count(stats.detached)], ['Given by users', count(stats.attached)]]);
    drawPairs(parts.limits, Object.entries(limits).map(([name, most]) =>
      ['`' + shown(name).replaceAll('`', "'") + '`', !isLimit(most) ? 'none' : /bytes/.test(name) ? bytes(most) : count(most)]));
  };

  // ---- The whole ---------------------------------------------------------------------------

  const tiles = {};
  for (const [key, title] of [['pools', 'Pools'], ['gets', 'Gets/s'], ['hit', 'Hit rate'], ['used', 'In use'],
    ['idle', 'Idle'], ['kept', 'Kept'], ['biting', 'Limits biting']]) {
    const value = make('dd', {}, '–');
    byId('summary').append(tiles[key] = make('div', {}, make('dt', {}, title), value));
  }

  const drawSummary = () => {
    let gets = 0, hits = 0, tried = 0, used = 0, idle = 0, kept = 0, biting = 0, isBad = false, isKnown = false;
    for (const pool of pools.values()) {
      if (isNumber(pool.gets)) { gets += pool.gets; isKnown = true; }
      if (!pool.isManaged) {
        const k = pool.since(pool.minute, 'gets');
        tried += k;
        hits += k - Math.min(k, pool.since(pool.minute, 'misses'));
      }
      used += pool.stats.in_use || 0;
      idle += pool.stats.idle || 0;
      kept += pool.stats.bytes_idle || 0;
      if (pool.biting) { biting++; isBad = isBad || pool.biting[0] === 'bad'; }
    }
    const figures = {
      pools: count(pools.size), gets: isKnown ? rate(gets) : '–', hit: share(tried > 0 ? hits / tried : NaN), used: count(used),
      idle: count(idle), kept: bytes(kept), biting: biting === 0 ? 'none' : count(biting) + (biting === 1 ? ' pool' : ' pools'),
    };
    for (const key in figures) say(tiles[key].lastChild, figures[key]);
    put(tiles.biting, 'class', biting === 0 ? '' : isBad ? 'bad' : 'warn');
    say(byId('process'), `Process ${told.pid}, up ${span(told.uptime_ms / 1000)}`);
  };

  const draw = () => {
    byId('empty').hidden = pools.size > 0;
    byId('panes').hidden = pools.size === 0;
    drawSummary();
    if (pools.size === 0) return;
    arrange(false);
    // First, since it may be above the table.
    drawDetail();
    drawRows();
  };

  filter.addEventListener('input', () => { arrange(true); drawRows(); });
  let isDue = false;
  const redraw = () => {
    if (isDue || !pools.size) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; drawRows(); });
  };
  addEventListener('scroll', redraw, { passive: true });
  addEventListener('resize', redraw, { passive: true });
  drawHead();

  // ---- Asking ------------------------------------------------------------------------------

  const status = byId('status');
  const setStatus = (state, text) => { put(status, 'data-state', state); say(status, text); };
  let timer = 0, asking = null, failures = 0;

  const ask = async () => {
    if (asking || document.hidden) return;
    clearTimeout(timer);
    const question = asking = new AbortController(), began = performance.now();
    const late = setTimeout(() => question.abort(), PATIENCE);
    let answer, failure = 'The server cannot be reached';
    try {
      const response = await fetch(PATH, { cache: 'no-store', headers: { accept: 'application/json' }, signal: question.signal });
      if (!response.ok) failure = `The server answers ${response.status}`;
      else {
        failure = 'The server does not answer what it should';
        answer = await response.json();
        if (!answer || !Array.isArray(answer.pools) || !isNumber(answer.uptime_ms)) answer = undefined;
      }
    } catch {
      if (question.signal.aborted) failure = 'The server does not answer in time';
    }
    clearTimeout(late);
    // Nobody looks, or looks again and has asked anew.
    if (asking !== question) return;
    asking = null;
    let pause = EVERY - (performance.now() - began);
    if (answer) {
      failures = 0;
      setStatus('live', 'Live');
    } else {
      failures++;
      setStatus('away', `${failure}: trying again. ${toldAt ? `What is shown is of ${clock(toldAt)}.` : 'Nothing is known yet.'}`);
      pause = Math.min(EVERY * failures, 3 * EVERY);
    }
    timer = setTimeout(ask, Math.max(pause, EVERY / 4));
    if (answer) {
      take(answer);
      draw();
    }
  };

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return void ask();
    clearTimeout(timer);
    if (asking) asking.abort();
    asking = null;
    setStatus('wait', 'Resting while nobody looks');
  });
  ask();
})();
