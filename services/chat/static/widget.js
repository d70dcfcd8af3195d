/**
 * <public-assistant>: the citizen's side of the conversation, for any site.
 *
 *   <script type="module" src="https://HOST/widget.js"></script>
 *   <public-assistant></public-assistant>
 *
 * Attributes   api    origin of the service; without it, where this file came from
 *              name   the assistant's name in the header
 *              lang   ko, en or zh: the language of a first visit
 * Methods      open(), close(), ask(text): opens and sends the text as the citizen's own words
 * CSS          --public-assistant-scale multiplies the browser's own text size (default 1)
 *
 * In this file, from the wire to the eye:
 *   WORDS         what the citizen reads, in three languages
 *   Store         what survives a reload, in this tab only
 *   Api           the HTTP contract (/api/v1/chat/sessions)
 *   Conversation  session, outbox, transcript, live push; knows no element
 *   cards         one function a kind of message
 *   PublicAssistant  the element: a launcher and a dialog in a shadow tree
 *
 * No text is ever parsed as HTML, and nothing here needs an inline script or style.
 */

const HOME = new URL(import.meta.url).origin;
const LIMIT = 4000;
const RETRIES = 3;
const LANGUAGES = { ko: "한국어", en: "English", zh: "中文" };

// ---- Words -------------------------------------------------------------------------------------------------

// The request is always Korean, whatever the citizen reads: it is the sentence every deployment is trained on.
const PERSON_REQUEST = "상담원 연결해 주세요";
const LANGUAGE_REQUESTS = { ko: "한국어로 해 주세요", en: "English please", zh: "请用中文" };

const WORDS = {
  ko: {
    name: "한빛시 AI 민원 도우미",
    launch: "AI 민원 상담",
    unread: (n) => `새 메시지 ${n}개`,
    close: "대화창 닫기",
    language: "언어 선택",
    disclosure: "AI가 답하는 서비스예요",
    person: "상담원 연결",
    personShown: PERSON_REQUEST,
    personHere: "담당자 연결됨",
    log: "대화 내용",
    input: "보낼 내용",
    placeholder: "무엇이 불편하신지 적어 주세요",
    hint: "주민등록번호는 적지 마세요. 급하면 바로 119·112에 전화하세요.",
    send: "보내기",
    counter: (n) => `${n.toLocaleString()} / ${LIMIT.toLocaleString()}자`,
    tooLong: (n) => `${n.toLocaleString()}자를 줄여 주세요. 한 번에 ${LIMIT.toLocaleString()}자까지 보낼 수 있어요.`,
    typingBot: "답변을 준비하고 있어요",
    typingOfficer: "담당자가 답변을 쓰고 있어요",
    fresh: "아래에 더 있어요",
    me: "나",
    bot: "AI 도우미",
    officer: "담당자",
    system: "안내",
    failed: "전송 안 됨",
    retrying: "자동으로 다시 보내고 있어요",
    throttled: (s) => `이용이 많아요. ${s}초 뒤에 자동으로 보낼게요`,
    retry: "다시 보내기",
    queued: "상담원을 기다리고 있어요. 하실 말씀을 미리 적어 두셔도 돼요.",
    human: "담당자와 대화 중이에요.",
    closed: "대화가 끝났어요.",
    restart: "새 대화",
    offline: "연결이 끊겼어요. 다시 연결하고 있어요.",
    expired: "시간이 오래 지나 대화를 새로 시작했어요. 적어 두신 내용은 그대로 있어요.",
    unreachable: "지금은 연결이 어려워요. 급한 일은 119·112, 생활 민원은 120에 전화해 주세요.",
    reconnect: "다시 연결",
    emergency: "지금 위험하다면 먼저 전화하세요",
    call: (line) => `${line}에 전화하기`,
    noSubstitute: "이 챗봇은 119·112 신고를 대신하지 않습니다.",
    quickExit: "빠른 나가기",
    quickExitHint: "이 화면과 대화 기록을 바로 지우고 나가요.",
    dismiss: "긴급 안내 닫기",
    receipt: "민원이 접수되었어요",
    receiptNo: "접수번호",
    pin: "비밀번호(PIN)",
    pinOnce: "지금만 보여 드려요. 꼭 적어 두세요.",
    copy: "복사",
    copyPin: "비밀번호 복사",
    copied: "복사했어요.",
    notCopied: "복사하지 못했어요. 직접 적어 주세요.",
    agency: "담당 기관",
    due: "처리 예정일",
    status: "처리 상태",
    caseStatus: "민원 처리 상태",
    oops: "문제가 생겼어요. 잠시 뒤 다시 시도해 주세요.",
  },
  en: {
    name: "Hanbit City AI assistant",
    launch: "Ask the AI assistant",
    unread: (n) => `${n} new`,
    close: "Close the chat",
    language: "Language",
    disclosure: "You are talking to an AI",
    person: "Talk to a person",
    personShown: "Please connect me to a person",
    personHere: "Officer connected",
    log: "Conversation",
    input: "Your message",
    placeholder: "Tell us what you need",
    hint: "Never enter a resident registration number. In an emergency, call 119 or 112.",
    send: "Send",
    counter: (n) => `${n.toLocaleString()} / ${LIMIT.toLocaleString()}`,
    tooLong: (n) => `Please shorten by ${n.toLocaleString()}. The limit is ${LIMIT.toLocaleString()} characters.`,
    typingBot: "Preparing an answer",
    typingOfficer: "The officer is writing",
    fresh: "More below",
    me: "You",
    bot: "AI assistant",
    officer: "Officer",
    system: "Notice",
    failed: "Not sent",
    retrying: "sending again automatically",
    throttled: (s) => `Busy now; it will be sent in ${s} seconds`,
    retry: "Send again",
    queued: "Waiting for a person. You may write your message already.",
    human: "You are talking to an officer.",
    closed: "This conversation has ended.",
    restart: "Start a new one",
    offline: "Connection lost. Reconnecting.",
    expired: "Much time has passed, so we started a new conversation. What you typed is kept.",
    unreachable: "We cannot connect right now. For an emergency call 119 or 112; otherwise call 120.",
    reconnect: "Try again",
    emergency: "If you are in danger now, call first",
    call: (line) => `Call ${line}`,
    noSubstitute: "This chat does not replace a call to 119 or 112.",
    quickExit: "Leave quickly",
    quickExitHint: "Erases this conversation from the screen and leaves at once.",
    dismiss: "Close the emergency card",
    receipt: "Your case has been received",
    receiptNo: "Receipt no.",
    pin: "PIN",
    pinOnce: "Shown only now. Please write it down.",
    copy: "Copy",
    copyPin: "Copy the PIN",
    copied: "Copied.",
    notCopied: "Could not copy. Please write it down.",
    agency: "Agency",
    due: "Answer due",
    status: "Status",
    caseStatus: "Status of your case",
    oops: "Something went wrong. Please try again in a moment.",
  },
  zh: {
    name: "Hanbit 市 AI 政务助手",
    launch: "AI 咨询",
    unread: (n) => `${n} 条新消息`,
    close: "关闭对话",
    language: "选择语言",
    disclosure: "由 AI 为您解答",
    person: "转人工",
    personShown: "请帮我转人工",
    personHere: "人工已接入",
    log: "对话内容",
    input: "输入内容",
    placeholder: "请描述您的问题",
    hint: "请勿填写居民登记号。紧急情况请立即拨打 119 或 112。",
    send: "发送",
    counter: (n) => `${n.toLocaleString()} / ${LIMIT.toLocaleString()}`,
    tooLong: (n) => `请减少 ${n.toLocaleString()} 字，每次最多 ${LIMIT.toLocaleString()} 字。`,
    typingBot: "正在准备回复",
    typingOfficer: "工作人员正在输入",
    fresh: "下方还有内容",
    me: "我",
    bot: "AI 助手",
    officer: "工作人员",
    system: "提示",
    failed: "未发送",
    retrying: "正在自动重发",
    throttled: (s) => `目前繁忙，${s} 秒后自动发送`,
    retry: "重新发送",
    queued: "正在等待人工服务，您可以先留言。",
    human: "您正在与工作人员对话。",
    closed: "对话已结束。",
    restart: "开始新对话",
    offline: "连接已断开，正在重新连接。",
    expired: "时间较久，已开始新的对话。您输入的内容已保留。",
    unreachable: "暂时无法连接。紧急情况请拨打 119 或 112，其他事项请拨打 120。",
    reconnect: "重新连接",
    emergency: "如有危险，请先拨打电话",
    call: (line) => `拨打 ${line}`,
    noSubstitute: "本聊天不能代替 119·112 报警。",
    quickExit: "快速离开",
    quickExitHint: "立即清除对话并离开本页。",
    dismiss: "关闭紧急提示",
    receipt: "您的诉求已受理",
    receiptNo: "受理编号",
    pin: "确认码(PIN)",
    pinOnce: "仅显示这一次，请务必记下。",
    copy: "复制",
    copyPin: "复制确认码",
    copied: "已复制。",
    notCopied: "无法复制，请手动记下。",
    agency: "负责机构",
    due: "预计答复日",
    status: "处理状态",
    caseStatus: "诉求处理状态",
    oops: "出现问题，请稍后再试。",
  },
};

const STATUSES = {
  ko: {
    received: "접수 대기",
    accepted: "접수됨",
    assigned: "담당자 배정",
    in_progress: "처리 중",
    awaiting_citizen: "보완 요청",
    answered: "답변 완료",
    closed: "종결",
    transferred: "이송",
    merged: "병합",
    withdrawn: "취하",
    objection: "이의신청",
    reopened: "재처리",
  },
  en: {
    received: "Waiting for acceptance",
    accepted: "Accepted",
    assigned: "Assigned",
    in_progress: "In progress",
    awaiting_citizen: "Waiting for you",
    answered: "Answered",
    closed: "Closed",
    transferred: "Transferred",
    merged: "Merged",
    withdrawn: "Withdrawn",
    objection: "Objection filed",
    reopened: "Reopened",
  },
  zh: {
    received: "等待受理",
    accepted: "已受理",
    assigned: "已分配",
    in_progress: "处理中",
    awaiting_citizen: "等待您补充",
    answered: "已答复",
    closed: "已结束",
    transferred: "已移送",
    merged: "已合并",
    withdrawn: "已撤回",
    objection: "异议申请",
    reopened: "重新处理",
  },
};

/** A status of a case in words; a status this file does not know is shown as it came. */
export function statusName(status, lang = "ko") {
  return STATUSES[lang]?.[status] ?? status ?? "";
}

/** An ISO time as a date in Korea, such as 2026년 2월 26일 (목); an empty string for none. */
export function dateName(iso, lang = "ko") {
  const weekday = inKorea(iso, lang, { weekday: "short" });
  const day = inKorea(iso, lang, { year: "numeric", month: "long", day: "numeric" });
  return day && `${day} (${weekday})`;
}

/** An ISO time as a clock in Korea, such as 오후 3:05. */
export function clockName(iso, lang = "ko") {
  return inKorea(iso, lang, { hour: "numeric", minute: "2-digit" });
}

function inKorea(iso, lang, shape) {
  const date = new Date(iso ?? "");
  return Number.isNaN(date.getTime())
    ? ""
    : new Intl.DateTimeFormat(lang, { ...shape, timeZone: "Asia/Seoul" }).format(date);
}

// ---- Store -------------------------------------------------------------------------------------------------

/** JSON values of this tab. Where the browser forbids storage, they live as long as the page. */
class Store {
  #memory = new Map();

  constructor(prefix) {
    this.prefix = prefix;
  }

  get(key) {
    try {
      return JSON.parse(sessionStorage.getItem(this.prefix + key));
    } catch {
      return this.#memory.get(key) ?? null;
    }
  }

  set(key, value) {
    this.#memory.set(key, value);
    try {
      if (value === null) sessionStorage.removeItem(this.prefix + key);
      else sessionStorage.setItem(this.prefix + key, JSON.stringify(value));
    } catch {
      // Forbidden or full: the page's memory still holds it.
    }
  }

  clear() {
    for (const key of ["session", "outbox", "draft", "open", "dismissed"]) this.set(key, null);
  }
}

// ---- Api ---------------------------------------------------------------------------------------------------

/** A request that did not succeed. status is 0 when no answer came; detail is the service's own Korean sentence. */
class Failure extends Error {
  constructor(status, detail = "", retryAfter = null) {
    super(detail || `status ${status}`);
    Object.assign(this, { status, detail, retryAfter });
  }

  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

function secondsToWait(header) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 120) : null;
}

class Api {
  constructor(origin) {
    this.base = `${origin}/api/v1/chat/sessions`;
  }

  open(lang) {
    return this.#call("POST", "", null, { lang, channel: "web" });
  }

  send(session, item) {
    const body = { text: item.text, client_message_id: item.id };
    return this.#call("POST", `/${session.session_id}/messages`, session.token, body);
  }

  async transcript(session, after) {
    const query = after ? `?after=${encodeURIComponent(after)}` : "";
    const reply = await this.#call("GET", `/${session.session_id}/messages${query}`, session.token);
    return Array.isArray(reply) ? { messages: reply } : reply;
  }

  socket(session) {
    const url = new URL(`${this.base}/${session.session_id}/ws`);
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
    url.searchParams.set("token", session.token);
    return new WebSocket(url);
  }

  async #call(method, path, token, body) {
    let response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: {
          ...(body && { "Content-Type": "application/json" }),
          ...(token && { Authorization: `Bearer ${token}` }),
        },
        body: body && JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(20_000),
      });
      if (response.ok) return await response.json();
    } catch {
      throw new Failure(0);
    }
    const problem = await response.json().catch(() => ({}));
    throw new Failure(response.status, problem.detail, secondsToWait(response.headers.get("Retry-After")));
  }
}

// ---- Conversation ------------------------------------------------------------------------------------------

// randomUUID exists on https and localhost only; a municipality's old http site is neither.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Half fixed, half chance: a thousand phones that lost one mast do not come back in the same second.
const backoff = (attempt, most = 30_000) => Math.min(1000 * 2 ** attempt, most) * (0.5 + Math.random() / 2);

/**
 * One citizen's conversation. The view is told by calls:
 *
 *   messages(list, {live, opening})   new ones, in order, each once
 *   pin(message)                      a receipt that is already shown came again, now with its PIN
 *   outgoing(item)                    the citizen's own message: new, or its status changed
 *   state(name), online(bool), busy(bool), officerTyping(), expired(), unreachable(failure | null), moved(case)
 *   language(lang)                    the conversation goes on in another language
 *   isOpen                            whether the citizen is looking
 *
 * An item is {id, text, shown, status: sending | retrying | throttled | failed | sent, detail, wait}. It stays in the
 * outbox, in the tab's storage, until the service has answered it; its id never changes, so a message that arrived
 * although its answer was lost is not done twice.
 */
class Conversation {
  session = null;
  state = "bot";
  spoken = false;
  #outbox = [];
  #echoes = [];
  #seen = new Set();
  #last = { id: null, at: 0 };
  #receipts = new Set();
  #loaded = false;
  #opening = null;
  #beginning = null;
  #waiting = {};
  #draining = false;
  #socket = null;
  #attempts = 0;
  #timer = 0;
  #watchdog = 0;
  #stopped = false;

  constructor(api, store, view) {
    Object.assign(this, { api, store, view });
  }

  /** Shows what this tab had before a reload, and sends what had not been sent. */
  async restore() {
    this.session = this.store.get("session");
    this.#outbox = (this.store.get("outbox") ?? []).map((item) => ({ ...item, status: "sending" }));
    if (this.session) await this.begin();
    this.#showOutbox();
  }

  /** Opens a session or loads the one of this tab, patiently; the first failure is shown at once. */
  begin() {
    this.#beginning ??= this.#patiently().finally(() => {
      this.#beginning = null;
    });
    return this.#beginning;
  }

  async #patiently() {
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (!this.session) await this.#ensure();
        else if (!this.#loaded) await this.#load();
        return;
      } catch (failure) {
        if (failure.status === 404 && this.session) {
          this.#forget();
          this.view.expired();
          if (!this.view.isOpen) return;
          continue;
        }
        this.view.unreachable(failure);
        if (!failure.passing || attempt === RETRIES) return;
        await this.#pause(backoff(attempt), this.#waiting);
      }
    }
  }

  /** By hand: no more waiting for the next try. */
  reconnect() {
    if (this.#waiting.wake) this.#waiting.wake();
    else this.begin();
  }

  /** Leaves the old session as it is and opens another. What could not be sent stays in the outbox. */
  async restart(lang = this.lang) {
    this.#forget();
    this.lang = lang;
    await this.begin();
  }

  send(text, shown = text) {
    const item = { id: uuid(), text, shown, status: "sending" };
    this.#outbox.push(item);
    this.#saveOutbox();
    this.#show(item);
    this.#drain();
  }

  /** By hand: what waits for its turn goes now, what was given up starts again, each with its old id. */
  retry(id) {
    const item = this.#outbox.find((one) => one.id === id);
    if (!item) return;
    if (item.wake) item.wake();
    else this.#mark(item, "sending");
    this.#drain();
  }

  /** The network is back, or the tab is looked at again. */
  wake() {
    if (this.#stopped) return;
    const resent = this.#outbox.filter(
      (item) => item.status === "retrying" || (item.status === "failed" && item.passing),
    );
    resent.forEach((item) => this.retry(item.id));
    if (this.#waiting.wake) this.#waiting.wake();
    else if (this.session && !this.#socket) this.#connect();
  }

  stop() {
    this.#stopped = true;
    this.#disconnect();
  }

  // -- sending

  #show(item) {
    this.spoken = true;
    item.drawn = true;
    this.#echoes.push(item);
    this.view.outgoing(item);
  }

  #mark(item, status, more = {}) {
    Object.assign(item, { status, detail: "", wait: 0 }, more);
    if (item.drawn) this.view.outgoing(item);
  }

  #saveOutbox() {
    const kept = this.#outbox.map(({ id, text, shown }) => ({ id, text, shown }));
    this.store.set("outbox", kept.length ? kept : null);
  }

  #showOutbox() {
    for (const item of this.#outbox) if (!item.serverId && !item.drawn) this.#show(item);
    this.#drain();
  }

  async #drain() {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let item; (item = this.#outbox.find((one) => one.status === "sending"));) {
        this.view.busy(true);
        await this.#deliver(item);
      }
    } finally {
      this.#draining = false;
      this.view.busy(false);
    }
  }

  async #deliver(item) {
    let renewed = false;
    let retries = 0;
    let throttled = 0;
    for (;;) {
      try {
        const session = await this.#ensure();
        const reply = await this.api.send(session, item);
        this.#outbox = this.#outbox.filter((one) => one !== item);
        this.#saveOutbox();
        this.#mark(item, "sent");
        this.#receive(this.#withReceipt(reply), { live: true });
        this.#setState(reply.state);
        this.#follow(reply.lang);
        return;
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (failure.status === 404 && !renewed) {
          renewed = true;
          this.#forget();
          this.view.expired();
        } else if (failure.status === 429 && throttled < 5) {
          throttled += 1;
          const wait = failure.retryAfter ?? 5;
          this.#mark(item, "throttled", { wait });
          await this.#pause(wait * 1000, item);
        } else if (failure.passing && retries < RETRIES) {
          this.#mark(item, "retrying");
          await this.#pause(failure.retryAfter ? failure.retryAfter * 1000 : backoff(retries), item);
          retries += 1;
        } else {
          this.#mark(item, "failed", { detail: failure.detail, passing: failure.passing });
          return;
        }
        this.view.busy(true);
      }
    }
  }

  #pause(milliseconds, item) {
    this.view.busy(false);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      item.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).finally(() => {
      item.wake = null;
    });
  }

  /** The reply's receipt holds the PIN; the message that shows it may not, or may be missing. */
  #withReceipt({ messages = [], case: receipt }) {
    const number = receipt?.receipt_no;
    if (!number) return messages;
    const shows = (message) => message.kind === "case_receipt" && message.data?.receipt_no === number;
    if (messages.some(shows)) {
      const whole = (data) => ({ ...receipt, ...data, pin: data.pin ?? receipt.pin });
      return messages.map((one) => (shows(one) ? { ...one, data: whole(one.data) } : one));
    }
    if (this.#receipts.has(number)) return messages;
    const card = { id: `receipt:${number}`, author: "bot", kind: "case_receipt", text: "", data: receipt };
    return [...messages, { ...card, created_at: new Date().toISOString() }];
  }

  // -- the session

  #ensure() {
    if (this.session) return Promise.resolve(this.session);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open() {
    const { lang } = this;
    this.view.busy(true);
    const { session_id, token, messages, state } = await this.api
      .open(lang)
      .finally(() => this.view.busy(this.#draining));
    if (lang !== this.lang) return this.#open(); // another language was chosen meanwhile
    this.session = { session_id, token, lang };
    this.#loaded = true;
    this.store.set("session", this.session);
    this.view.unreachable(null);
    this.#receive(messages ?? [], { live: true, opening: true });
    this.#setState(state ?? "bot");
    this.#connect();
    return this.session;
  }

  async #load() {
    const { messages, state } = await this.api.transcript(this.session);
    this.#loaded = true;
    this.view.unreachable(null);
    this.#recogniseSent(messages);
    this.#receive(messages, { live: false });
    this.#setState(state);
    this.#connect();
  }

  #forget() {
    this.#disconnect();
    this.#loaded = false;
    this.session = null;
    this.store.set("session", null);
    this.spoken = false;
    this.#seen.clear();
    this.#echoes = this.#outbox.filter((item) => item.drawn);
    this.#last = { id: null, at: 0 };
    this.#setState("bot");
  }

  async #expire() {
    this.#forget();
    this.view.expired();
    if (this.view.isOpen) await this.begin();
  }

  #setState(state) {
    if (!state || state === this.state) return;
    this.state = state;
    this.view.state(state);
  }

  /** The service heard another language than this session had; the page goes along. */
  #follow(lang) {
    if (!this.session || !LANGUAGES[lang] || lang === this.session.lang) return;
    this.session = { ...this.session, lang };
    this.store.set("session", this.session);
    this.lang = lang;
    this.view.language(lang);
  }

  // -- receiving

  /** After a reload: the outbox's messages that the service already has are not drawn twice (but still asked about). */
  #recogniseSent(messages) {
    const recent = messages.filter((message) => message.author === "citizen").slice(-this.#outbox.length);
    for (const item of this.#outbox) {
      const found = recent.find((message) => saysTheSame(item, message));
      if (found) item.serverId = found.id;
    }
  }

  #receive(messages, how) {
    const fresh = [];
    for (const message of messages) {
      if (this.#seen.has(message.id)) {
        if (message.data?.pin) this.view.pin(message);
        continue;
      }
      this.#seen.add(message.id);
      if (message.kind === "case_receipt") this.#receipts.add(message.data?.receipt_no);
      const at = Date.parse(message.created_at) || 0;
      if (at >= this.#last.at && !message.id.startsWith("receipt:")) this.#last = { id: message.id, at };
      if (message.author === "citizen") {
        this.spoken = true;
        if (this.#isEcho(message)) continue;
      }
      fresh.push(message);
    }
    if (fresh.length) this.view.messages(fresh, how);
  }

  /** Whether a citizen's message is one that this page already shows. The service may have masked its text. */
  #isEcho(message) {
    const waiting = this.#echoes.filter((item) => !item.serverId);
    const item = waiting.find((one) => saysTheSame(one, message)) ?? waiting[0];
    if (!item) return false;
    item.serverId = message.id;
    return true;
  }

  async #sync() {
    if (!this.session) return;
    const session = this.session;
    try {
      const { messages, state } = await this.api.transcript(session, this.#last.id);
      if (session !== this.session) return;
      this.#receive(messages, { live: true });
      this.#setState(state);
    } catch (failure) {
      if (failure.status === 404 && session === this.session) await this.#expire();
    }
  }

  // -- live push

  #connect() {
    if (this.#stopped || this.#socket || !this.session) return;
    clearTimeout(this.#timer);
    let opened = false;
    let socket;
    try {
      socket = this.#socket = this.api.socket(this.session);
    } catch {
      return;
    }
    socket.onopen = () => {
      opened = true;
      this.#attempts = 0;
      this.view.online(true);
      this.#sync();
    };
    socket.onmessage = ({ data }) => {
      try {
        this.#frame(JSON.parse(data));
      } catch (error) {
        console.warn("public-assistant: a frame could not be read", error);
      }
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#watchdog);
      this.#reconnectLater(opened);
    };
  }

  #reconnectLater(opened) {
    if (this.#stopped || !this.session) return;
    if (this.#attempts > 0) this.view.online(false);
    // A network that lets no WebSocket through still gets its answers, a little later.
    if (!opened) this.#sync();
    this.#timer = setTimeout(() => this.#connect(), backoff(this.#attempts));
    this.#attempts += 1;
  }

  #disconnect() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #frame(frame) {
    if (frame.type === "message") this.#receive([frame.message], { live: true });
    else if (frame.type === "state") this.#setState(frame.state);
    else if (frame.type === "typing" && frame.author === "officer") this.view.officerTyping();
    else if (frame.type === "case") this.view.moved(frame.case);
    else if (frame.type === "ping") this.#expectPing();
  }

  /** Once the service has shown that it pings (every 20 s), a long silence means a dead line. */
  #expectPing() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#socket?.close(), 70_000);
  }
}

/** A chosen button comes back as its title, typed words as they were, or masked (then this is false). */
function saysTheSame(item, message) {
  return message.data?.payload === item.text || message.text === item.text || message.text === item.shown;
}

// ---- Elements ----------------------------------------------------------------------------------------------

/** An element with attributes, listeners (on...) and children; strings become text, never HTML. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== false && child !== ""));
  return element;
}

const ICONS = {
  chat: "M4 5.5A1.5 1.5 0 0 1 5.5 4h13A1.5 1.5 0 0 1 20 5.5v9a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 4v-4h-1A1.5 1.5 0 0 1 4 14.5zM8 8.5h8M8 11.5h5",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 19V5M6 11l6-6 6 6",
  phone: "M7 4h3l1.5 4.5L9.3 10a12 12 0 0 0 4.7 4.7l1.5-2.2L20 14v3a3 3 0 0 1-3 3A13 13 0 0 1 4 7a3 3 0 0 1 3-3z",
  person: "M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5zM4.5 20c.6-3.6 3.7-6 7.5-6s6.900 2.400 7.500 6",
  alert: "M12 3.500L22 20.500H2zM12 9.500v5M12 17.200v.600",
  down: "M12 5v14M6 13l6 6 6-6",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// A number is a telephone when it is written as one, or is a known short line with no unit behind it (110만 원, 120일).
// No lookbehind: older phones cannot read it.
const PHONES = new RegExp(
  String.raw`(?:0\d{1,2}-\d{3,4}-\d{4}|1[5-9]\d{2}-\d{4}|` +
    String.raw`(?:119|112|109|110|120|121|123|126|128|129|131|132|182|1330|1332|1339|1345|1350|1355|1366|1372|1388|1397|1399)` +
    String.raw`(?![.,-]\d|[일원만천개명분시월년호号號도%층건회점㎡℃]|번지|\s?(?:k?m\b|days?\b|won\b|people\b|minutes?\b|hours?\b)))(?!\d)`,
  "g",
);

/** Inside a longer number, or a house number (햇살로 110, Yanghwa-ro 110), which 바로 119 and 으로 112 are not. */
function isPartOfMore(before, after) {
  if (/[\d.-]$/.test(before) || /-(?:daero|ro|gil)\s$/i.test(before)) return true;
  const road = /(\S*[로길])\s$/.exec(before)?.[1];
  return Boolean(road) && !/^(?:바로|\S*[으대]로)$/.test(road) && /^(?:$|[\s,()])/.test(after);
}

const telephone = (line) => `tel:${String(line).replace(/[^\d+]/g, "")}`;

/** A text with its telephone numbers as links; nothing else in it is ever a link. */
function withPhones(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(PHONES)) {
    if (isPartOfMore(text.slice(0, found.index), text.slice(found.index + found[0].length))) continue;
    parts.push(text.slice(from, found.index), h("a", { href: telephone(found[0]) }, found[0]));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

// ---- Cards -------------------------------------------------------------------------------------------------

function textCard(message) {
  return h("p", { class: "bubble" }, ...(message.author === "citizen" ? [message.text] : withPhones(message.text)));
}

function choicesCard(message, { choose }) {
  const buttons = message.choices.map((choice) =>
    h("button", { type: "button", class: "choice", onclick: () => choose(choice) }, choice.title),
  );
  return h("div", { class: "stack" }, message.text && textCard(message), h("div", { class: "choices" }, ...buttons));
}

/** In the language of its text, which may be new to the conversation with this very message. */
function emergencyCard(message, { words: current, quickExit }) {
  const words = WORDS[message.data?.lang] ?? current;
  const { line, title = words.emergency, quick_exit } = message.data ?? {};
  return h(
    "article",
    { class: "emergency", "aria-label": title },
    h("h3", {}, icon("alert"), title),
    line && h("a", { class: "call", href: telephone(line) }, icon("phone"), words.call(line)),
    quick_exit &&
      h(
        "div",
        { class: "exit" },
        h("button", { type: "button", onclick: quickExit }, words.quickExit),
        h("p", {}, words.quickExitHint),
      ),
    h("p", { class: "emergency-text" }, ...withPhones(message.text)),
    !/대신하지|replace|does not report|代替/.test(message.text) && h("p", { class: "small" }, words.noSubstitute),
  );
}

function facts(rows) {
  const shown = rows.filter(([, value]) => value);
  return h("dl", {}, ...shown.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

const agencyName = (agency) => (typeof agency === "string" ? agency : agency?.name);

/** The message's text says the same as the card, and speaks of a PIN that a reload no longer has. */
function receiptCard(message, { words, lang, copy }) {
  const { receipt_no, pin, agency, due_at, status } = message.data;
  const secret =
    pin &&
    h(
      "div",
      { class: "pin" },
      h("p", {}, words.pin, " ", h("strong", { class: "pin-value" }, pin)),
      h(
        "button",
        { type: "button", "aria-label": words.copyPin, onclick: (event) => copy(pin, event.currentTarget) },
        words.copy,
      ),
      h("p", { class: "small" }, words.pinOnce),
    );
  return h(
    "article",
    { class: "card receipt", "data-receipt": receipt_no, "aria-label": words.receipt },
    h("h3", {}, words.receipt),
    facts([
      [words.receiptNo, h("strong", { class: "number" }, receipt_no)],
      [words.agency, agencyName(agency)],
      [words.due, dateName(due_at, lang)],
      [words.status, status && h("span", { class: "badge" }, statusName(status, lang))],
    ]),
    secret,
  );
}

function statusCard(message, { words, lang }) {
  const { receipt_no, agency, due_at, status } = message.data ?? {};
  return h(
    "article",
    { class: "card", "data-receipt": receipt_no, "aria-label": words.caseStatus },
    h("h3", {}, words.caseStatus, status && h("span", { class: "badge" }, statusName(status, lang))),
    facts([
      [words.receiptNo, receipt_no && h("strong", { class: "number" }, receipt_no)],
      [words.agency, agencyName(agency)],
      [words.due, dateName(due_at, lang)],
    ]),
    message.text && h("p", { class: "card-text" }, ...withPhones(message.text)),
  );
}

const CARDS = {
  choices: choicesCard,
  emergency: emergencyCard,
  case_receipt: receiptCard,
  case_status: statusCard,
};

// ---- The element -------------------------------------------------------------------------------------------

/** Phones, and text so large that a small window would not hold a line: the dialog takes the whole screen. */
const NARROW = matchMedia("(max-width: 40em), (max-height: 30em)");

class PublicAssistant extends HTMLElement {
  ui = {};
  #built = false;
  #lang = "ko";
  #unread = 0;
  #composing = false;
  #sendWhenComposed = false;
  #bubbles = new Map();
  #pinned = null;
  #unreachable = null;
  #typingTimer = 0;
  #busyTimer = 0;
  #isOffline = false;
  #follows = true;
  #placed = 0;
  #answer = null;
  #arrivedAt = 0;

  connectedCallback() {
    if (!this.#built) this.#build();
    window.addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    NARROW.addEventListener("change", this.#changeShape);
    window.visualViewport?.addEventListener("resize", this.#fit);
    window.visualViewport?.addEventListener("scroll", this.#fit);
    this.#begin();
  }

  disconnectedCallback() {
    window.removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    NARROW.removeEventListener("change", this.#changeShape);
    window.visualViewport?.removeEventListener("resize", this.#fit);
    window.visualViewport?.removeEventListener("scroll", this.#fit);
    this.conversation.stop();
  }

  // -- what a page may call

  get isOpen() {
    return this.ui.dialog.open;
  }

  open() {
    if (!this.isOpen) this.#show();
    this.ui.input.focus();
    this.conversation.begin();
  }

  close() {
    if (!this.isOpen) return;
    this.ui.dialog.close();
    this.ui.launcher.hidden = false;
    this.store.set("open", null);
    this.ui.launcher.focus();
  }

  /** Opens and sends the text as the citizen's own words. */
  ask(text) {
    this.open();
    this.#say(String(text));
  }

  // -- building

  #build() {
    this.#built = true;
    const origin = this.getAttribute("api") ? new URL(this.getAttribute("api"), location.href).origin : HOME;
    this.store = new Store(`public-assistant:${origin}:`);
    this.api = new Api(origin);
    const wanted = this.store.get("session")?.lang ?? this.store.get("lang") ?? this.getAttribute("lang");
    this.#lang = wanted in WORDS ? wanted : "ko";

    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [STYLES];
    root.append(
      h("div", { class: "root" }, (this.ui.frame = h("section", { class: "frame" }, this.#launcher(), this.#dialog()))),
    );
    this.#relabel();
    this.ui.input.value = this.store.get("draft") ?? "";
    this.#measure();
  }

  #launcher() {
    this.ui.launcherText = h("span", {});
    this.ui.badge = h("span", { class: "count", hidden: true });
    return (this.ui.launcher = h(
      "button",
      { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => this.open() },
      icon("chat"),
      this.ui.launcherText,
      this.ui.badge,
    ));
  }

  #dialog() {
    this.ui.heading = h("h2", { id: "title" });
    this.ui.closer = h("button", { type: "button", class: "close", onclick: () => this.close() }, icon("close"));
    this.ui.languages = h(
      "div",
      { class: "languages", role: "group" },
      ...Object.entries(LANGUAGES).map(([lang, name]) =>
        h("button", { type: "button", lang, "data-lang": lang, onclick: () => this.#chooseLanguage(lang) }, name),
      ),
    );
    this.ui.disclosure = h("p", {});
    this.ui.personText = h("span", {});
    this.ui.person = h(
      "button",
      { type: "button", class: "person", onclick: () => this.#say(PERSON_REQUEST, this.words.personShown) },
      icon("person"),
      this.ui.personText,
    );
    this.ui.statusText = h("span", {});
    this.ui.again = h("button", { type: "button", hidden: true, onclick: () => this.#startAnew() });
    this.ui.status = h("div", { class: "status", role: "status" }, this.ui.statusText, this.ui.again);
    this.ui.alerts = h("div", { class: "pinned", role: "alert" });
    this.ui.log = h("div", {
      class: "log",
      role: "log",
      "aria-live": "polite",
      "aria-relevant": "additions",
      tabindex: "0",
    });
    this.ui.log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    new ResizeObserver(() => this.#place()).observe(this.ui.log); // a card was pinned, a line typed, the keyboard shown
    this.ui.freshText = h("span", {});
    this.ui.fresh = h(
      "button",
      { type: "button", class: "fresh", hidden: true, onclick: () => this.#scrollToEnd() },
      icon("down"),
      this.ui.freshText,
    );
    this.ui.typingText = h("span", {});
    this.ui.typing = h(
      "p",
      { class: "typing", hidden: true },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      this.ui.typingText,
    );
    this.ui.announcer = h("p", { class: "unseen", role: "status" });

    return (this.ui.dialog = h(
      "dialog",
      {
        class: "panel",
        tabindex: "-1", // a click beside the buttons keeps the keyboard in here
        "aria-labelledby": "title",
        onkeydown: (event) => this.#onEscape(event),
        oncancel: (event) => {
          event.preventDefault();
          this.close();
        },
      },
      h("header", {}, h("div", { class: "bar" }, this.ui.heading, this.ui.closer), this.ui.languages),
      h("div", { class: "disclosure" }, this.ui.disclosure, this.ui.person),
      this.ui.status,
      this.ui.alerts,
      h("div", { class: "middle" }, this.ui.log, this.ui.fresh),
      this.ui.typing,
      this.#composer(),
      this.ui.announcer,
    ));
  }

  #composer() {
    this.ui.input = h("textarea", {
      id: "input",
      rows: "1",
      "aria-describedby": "hint counter",
      enterkeyhint: "send",
      oninput: () => {
        this.store.set("draft", this.ui.input.value || null);
        this.#measure();
      },
      onkeydown: (event) => this.#onKey(event),
      oncompositionstart: () => (this.#composing = true),
      oncompositionend: () => {
        this.#composing = false;
        if (this.#sendWhenComposed) setTimeout(() => this.#submit());
      },
    });
    this.ui.inputLabel = h("label", { class: "unseen", for: "input" });
    this.ui.submit = h("button", { class: "send" }, icon("send"));
    this.ui.counter = h("p", { id: "counter", class: "counter", role: "status" });
    this.ui.hint = h("p", { id: "hint", class: "hint" });
    return h(
      "form",
      {
        class: "composer",
        onsubmit: (event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.ui.inputLabel,
      h("div", { class: "write" }, this.ui.input, this.ui.submit),
      this.ui.counter,
      this.ui.hint,
    );
  }

  get words() {
    return WORDS[this.#lang];
  }

  /** Everything but the messages, which stay as they were said. */
  #relabel() {
    const { words } = this;
    this.ui.frame.lang = this.#lang;
    this.ui.frame.setAttribute("aria-label", words.launch);
    this.ui.heading.textContent = this.getAttribute("name") ?? words.name;
    this.ui.launcherText.textContent = words.launch;
    this.ui.closer.setAttribute("aria-label", words.close);
    this.ui.languages.setAttribute("aria-label", words.language);
    for (const button of this.ui.languages.children) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === this.#lang));
    }
    this.ui.disclosure.textContent = words.disclosure;
    this.ui.again.textContent = words.restart;
    this.ui.log.setAttribute("aria-label", words.log);
    this.ui.freshText.textContent = words.fresh;
    this.ui.inputLabel.textContent = words.input;
    this.ui.input.placeholder = words.placeholder;
    this.ui.submit.setAttribute("aria-label", words.send);
    this.ui.hint.textContent = words.hint;
    this.#showStatus();
    this.#showUnread();
    this.#measure();
  }

  // -- opening and closing

  async #begin() {
    this.conversation = new Conversation(this.api, this.store, this);
    this.conversation.lang = this.#lang;
    this.#clear();
    const wasOpen = this.store.get("open");
    if (wasOpen && !this.isOpen) {
      this.#show({ quietly: true });
      if (NARROW.matches) this.ui.input.focus();
    }
    await this.conversation.restore();
    if (this.isOpen) this.conversation.begin();
  }

  #show({ quietly = false } = {}) {
    this.ui.launcher.hidden = true;
    this.#unread = 0;
    this.#showUnread();
    if (NARROW.matches) this.ui.dialog.showModal();
    else if (quietly)
      this.ui.dialog.setAttribute("open", ""); // show() would take the focus
    else this.ui.dialog.show();
    this.#fit();
    this.#measure();
    this.#scrollToEnd();
    this.store.set("open", true);
  }

  #changeShape = () => {
    if (!this.isOpen) return;
    const inside = this.shadowRoot.activeElement;
    this.ui.dialog.close();
    this.#show({ quietly: !inside });
    inside?.focus();
  };

  /** On a phone the keyboard covers half of the screen: the sheet keeps to the half that is seen. */
  #fit = () => {
    const seen = window.visualViewport;
    const covered = this.isOpen && NARROW.matches && seen && Math.abs(seen.scale - 1) < 0.05;
    this.ui.dialog.style.height = covered ? `${seen.height}px` : "";
    this.ui.dialog.style.top = covered ? `${seen.offsetTop}px` : "";
  };

  #wake = () => {
    if (document.visibilityState === "visible") this.conversation.wake();
  };

  #onEscape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  /** Leaves no trace in this tab: someone may be looking over a shoulder. */
  #quickExit() {
    this.conversation.stop();
    this.store.clear();
    this.#clear();
    this.ui.input.value = "";
    location.replace("about:blank");
  }

  #clear() {
    this.ui.log.replaceChildren();
    this.ui.alerts.replaceChildren();
    this.#bubbles.clear();
    this.#pinned = null;
    this.#unreachable = null;
  }

  // -- writing

  #onKey(event) {
    // 229: Safari ends a composition before it tells of the Enter that ended it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || this.#composing || event.keyCode === 229)
      return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    this.#sendWhenComposed = this.#composing;
    if (this.#composing) return;
    const text = this.ui.input.value.trim();
    if (!text || [...text].length > LIMIT) return;
    this.ui.input.value = "";
    this.store.set("draft", null);
    this.#measure();
    this.#say(text);
  }

  /** Whatever button said it may be gone the next moment: the focus goes where the next words are written. */
  #say(text, shown = text) {
    this.conversation.send(text, shown);
    this.ui.input.focus();
  }

  #startAnew() {
    this.ui.input.focus();
    this.conversation.restart();
  }

  #measure() {
    const length = [...this.ui.input.value.trim()].length;
    const over = length - LIMIT;
    this.ui.counter.hidden = length < LIMIT * 0.9;
    this.ui.counter.classList.toggle("over", over > 0);
    this.ui.counter.textContent = this.ui.counter.hidden
      ? ""
      : over > 0
        ? this.words.tooLong(over)
        : this.words.counter(length);
    this.ui.input.setAttribute("aria-invalid", String(over > 0));
    this.ui.submit.disabled = over > 0;
    this.ui.input.style.height = "auto";
    this.ui.input.style.height = `${this.ui.input.scrollHeight + 2}px`;
  }

  #chooseLanguage(lang) {
    if (lang === this.#lang) return;
    this.#lang = lang;
    this.store.set("lang", lang);
    this.#relabel();
    if (this.conversation.spoken) {
      this.conversation.lang = lang;
      this.conversation.send(LANGUAGE_REQUESTS[lang], LANGUAGE_REQUESTS[lang]);
    } else {
      this.#clear();
      this.conversation.restart(lang);
    }
  }

  // -- what the conversation tells (see Conversation)

  messages(list, { live, opening = false }) {
    const before = opening ? this.#firstWaiting() : null;
    const nodes = list.map((message) => {
      const node = this.#draw(message);
      this.ui.log.insertBefore(node, before);
      if (message.kind === "emergency") this.#pinEmergency(message, node);
      return node;
    });
    this.#retireChoices();
    this.ui.typing.hidden = true;
    if (live && !this.isOpen) {
      this.#unread += list.length;
      this.#showUnread();
    }
    if (live && !before) this.#arrived(nodes);
    else this.#scrollToEnd();
  }

  pin(message) {
    const shown = this.ui.log.querySelector(`.receipt[data-receipt="${CSS.escape(message.data.receipt_no)}"]`);
    if (shown && !shown.querySelector(".pin")) shown.replaceWith(this.#card({ ...message, kind: "case_receipt" }));
  }

  outgoing(item) {
    let node = this.#bubbles.get(item.id);
    if (!node) {
      node = this.#row({ author: "citizen", kind: "text", text: item.shown, created_at: new Date().toISOString() });
      this.#bubbles.set(item.id, node);
      this.ui.log.append(node);
      this.#retireChoices();
      this.#scrollToEnd();
    }
    node.querySelector(".unsent")?.remove();
    node.dataset.status = item.status;
    const trouble = { retrying: this.words.retrying, throttled: this.words.throttled(item.wait), failed: item.detail }[
      item.status
    ];
    if (trouble === undefined) return;
    const again = h("button", { type: "button", onclick: () => this.conversation.retry(item.id) }, this.words.retry);
    node.append(
      h(
        "p",
        { class: "unsent" },
        h("strong", {}, this.words.failed),
        " · ",
        again,
        trouble && h("span", { class: "why" }, trouble),
      ),
    );
    this.#place();
  }

  state() {
    this.#showStatus();
  }

  language(lang) {
    if (lang === this.#lang) return;
    this.#lang = lang;
    this.store.set("lang", lang);
    this.#relabel();
  }

  online(yes) {
    this.#isOffline = !yes;
    this.#showStatus();
  }

  busy(yes) {
    clearTimeout(this.#busyTimer);
    if (!yes) this.ui.typing.hidden = true;
    else if (this.conversation.state === "bot") {
      this.#busyTimer = setTimeout(() => this.#showTyping(this.words.typingBot), 250);
    }
  }

  officerTyping() {
    this.#showTyping(this.words.typingOfficer);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => (this.ui.typing.hidden = true), 5000);
  }

  expired() {
    this.ui.log.insertBefore(this.#notice(this.words.expired), this.#firstWaiting());
    this.#retireChoices();
    this.#scrollToEnd();
  }

  unreachable(failure) {
    this.#unreachable?.remove();
    this.#unreachable = null;
    if (!failure) return;
    const retry = h("button", { type: "button", onclick: () => this.conversation.reconnect() }, this.words.reconnect);
    this.#unreachable = this.#notice((!failure.passing && failure.detail) || this.words.unreachable, retry);
    this.ui.log.append(this.#unreachable);
    this.#scrollToEnd();
  }

  /** The words about a change come as a message; here only what is already shown is kept true. */
  moved({ receipt_no: number, status }) {
    if (!number || !status) return;
    for (const badge of this.ui.log.querySelectorAll(`.receipt[data-receipt="${CSS.escape(number)}"] .badge`)) {
      badge.textContent = statusName(status, this.#lang);
    }
  }

  // -- drawing

  #draw(message) {
    return message.kind === "notice" ? this.#notice(message.text) : this.#row(message);
  }

  #row(message) {
    const { words } = this;
    const author = message.author in words ? message.author : "bot";
    const who =
      message.author === "citizen"
        ? h("span", { class: "unseen" }, words.me)
        : h("span", { class: "who" }, words[author], message.data?.officer && ` ${message.data.officer}`);
    const time = h("time", { datetime: message.created_at }, clockName(message.created_at, this.#lang));
    return h("div", { class: `row ${message.author}` }, h("p", { class: "by" }, who, time), this.#card(message));
  }

  #card(message) {
    return (CARDS[message.kind] ?? (message.choices?.length ? choicesCard : textCard))(message, {
      words: this.words,
      lang: this.#lang,
      choose: ({ title, payload }) => this.#say(payload, title),
      copy: (text, button) => this.#copy(text, button),
      quickExit: () => this.#quickExit(),
    });
  }

  #notice(text, ...more) {
    return h("div", { class: "notice" }, h("p", {}, ...withPhones(text)), ...more);
  }

  /** The newest emergency stands above the log until the citizen closes it; then it is a message among the others. */
  #pinEmergency(message, row) {
    if (message.created_at <= this.store.get("dismissed")) return;
    this.#unpin();
    const card = row.querySelector(".emergency");
    const closer = h("button", { type: "button", class: "dismiss", "aria-label": this.words.dismiss }, icon("close"));
    closer.addEventListener("click", () => {
      this.store.set("dismissed", message.created_at);
      this.#unpin();
      this.ui.input.focus();
    });
    card.append(closer);
    row.hidden = true;
    this.#pinned = { row, card, closer };
    this.ui.alerts.replaceChildren(card);
    const text = card.querySelector(".emergency-text");
    if (text.scrollHeight > text.clientHeight) text.tabIndex = 0; // or a keyboard could not scroll it
  }

  #unpin() {
    if (!this.#pinned) return;
    const { row, card, closer } = this.#pinned;
    closer.remove();
    row.append(card);
    row.hidden = false;
    this.#pinned = null;
  }

  /** Only buttons that came after the citizen's last words can still be pressed. */
  #retireChoices() {
    let old = false;
    for (const row of [...this.ui.log.children].reverse()) {
      for (const button of row.querySelectorAll(".choice")) button.disabled = old;
      old ||= row.classList.contains("citizen");
    }
  }

  /** Where a new session's first words belong: before what waits to be sent into it. */
  #firstWaiting() {
    const settled = ["sent", "failed"];
    return (
      [...this.#bubbles.values()].find((node) => node.isConnected && !settled.includes(node.dataset.status)) ?? null
    );
  }

  #showTyping(text) {
    this.ui.typingText.textContent = text;
    this.ui.typing.hidden = false;
  }

  #showStatus() {
    const { words } = this;
    const state = this.conversation?.state ?? "bot";
    const waits = state === "queued" || state === "human";
    this.ui.statusText.textContent =
      this.#isOffline && (waits || !navigator.onLine) ? words.offline : (words[state === "bot" ? "" : state] ?? "");
    this.ui.again.hidden = state !== "closed";
    this.ui.status.dataset.state = this.ui.statusText.textContent ? state : "";
    if (state === "human" && this.shadowRoot.activeElement === this.ui.person) this.ui.input.focus();
    this.ui.person.disabled = state === "human";
    this.ui.personText.textContent = state === "human" ? words.personHere : words.person;
  }

  #showUnread() {
    this.ui.badge.hidden = this.#unread === 0;
    this.ui.badge.textContent = this.#unread ? this.words.unread(this.#unread) : "";
  }

  async #copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = this.words.copied;
      this.ui.announcer.textContent = this.words.copied;
    } catch {
      this.ui.announcer.textContent = this.words.notCopied;
      button.textContent = this.words.notCopied;
    }
  }

  // -- scrolling: the log follows what is said until the citizen scrolls up

  #atEnd() {
    return this.ui.log.scrollHeight - this.ui.log.scrollTop - this.ui.log.clientHeight < 40;
  }

  #onScroll() {
    if (Math.abs(this.ui.log.scrollTop - this.#placed) > 4) this.#follows = this.#atEnd();
    if (this.#atEnd()) this.ui.fresh.hidden = true;
  }

  #scrollToEnd() {
    this.#follows = true;
    this.#answer = null;
    this.#place();
  }

  /** The end, but a long answer from its beginning. */
  #place() {
    const { log, fresh } = this.ui;
    if (this.#follows) {
      const end = log.scrollHeight - log.clientHeight;
      log.scrollTop = this.#answer ? Math.min(end, this.#answer.offsetTop - 12) : end;
      this.#placed = log.scrollTop;
    }
    fresh.hidden = this.#atEnd();
  }

  /** What arrives within seconds is one answer. */
  #arrived(nodes) {
    const now = Date.now();
    if (!this.#answer || now - this.#arrivedAt > 3000) this.#answer = nodes.find((node) => !node.hidden) ?? null;
    this.#arrivedAt = now;
    this.#place();
  }
}

// ---- Styles ------------------------------------------------------------------------------------------------

// KRDS colours (primary-50 #256ef4, primary-60 #0b50d0, danger-60 #bd2c0f, gray). Lengths are in em from the browser's
// own text size, not the page's rem: KRDS pages set the root to 62.5%.
const STYLES = new CSSStyleSheet();
STYLES.replaceSync(`
:host { all: initial; }
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.root { font: 400 medium/1.5 "Pretendard GOV", Pretendard, "Apple SD Gothic Neo", "Noto Sans KR", "Malgun Gothic", "Noto Sans CJK KR", sans-serif; }
.frame { font-size: calc(1em * var(--public-assistant-scale, 1)); color: #1e2124; word-break: keep-all; overflow-wrap: anywhere; }
.frame:lang(zh) { word-break: normal; }
h2, h3, p, dl, dd { margin: 0; }
button, textarea { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; min-height: 2.75em; border: 1px solid #58616a; border-radius: .5em; background: #fff; padding: .35em .9em; }
button:disabled { cursor: default; }
svg { width: 1.35em; height: 1.35em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
a { color: #0b50d0; text-underline-offset: .15em; }
.panel:focus { outline: none; }
:focus-visible { outline: 3px solid #0b50d0; outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher {
  position: fixed; z-index: 2147483000; display: flex; align-items: center; gap: .5em;
  inset: auto calc(1.25em + env(safe-area-inset-right)) calc(1.25em + env(safe-area-inset-bottom)) auto;
  min-height: 3.5em; padding: .5em 1.25em; border: 2px solid #fff; border-radius: 2em;
  background: #0b50d0; color: #fff; font-weight: 700; box-shadow: 0 .25em 1em #00000040;
}
.launcher:hover { background: #083891; }
.launcher:focus-visible { outline-color: #1e2124; }
.count { border-radius: 1em; padding: 0 .6em; background: #fff; color: #bd2c0f; font-size: .875em; }

.panel {
  position: fixed; z-index: 2147483000; inset: auto 1.25em 1.25em auto; margin: 0; padding: 0;
  width: min(26em, calc(100vw - 2.5em)); height: min(46em, calc(100vh - 2.5em)); max-width: none; max-height: none;
  border: 1px solid #8a949e; border-radius: 1em; overflow: hidden; background: #fff; color: inherit;
  box-shadow: 0 .5em 2.5em #00000040; flex-direction: column; container-type: size;
}
.panel[open] { display: flex; }
.panel::backdrop { background: #0006; }
.panel > * { flex: none; }

header { padding: .7em .75em .7em 1em; background: #256ef4; color: #fff; display: grid; gap: .5em; }
.bar { display: flex; align-items: center; justify-content: space-between; gap: .5em; }
h2 { font-size: 1.125em; font-weight: 700; }
header button { border-color: #fff; background: transparent; color: #fff; }
header button:hover { background: #0b50d0; }
header :focus-visible { outline-color: #fff; }
.close { border-color: transparent; padding: 0; min-width: 2.75em; display: grid; place-items: center; }
.languages { display: flex; gap: .4em; }
.languages button { min-height: 2.2em; padding: .1em .75em; font-size: .9375em; }
.languages button[aria-pressed=true] { background: #fff; color: #0b50d0; font-weight: 700; }

.disclosure { display: flex; align-items: center; justify-content: space-between; gap: .75em; padding: .4em .75em .4em 1em; background: #ecf2fe; border-bottom: 1px solid #b1cefb; }
.disclosure p { font-size: .9375em; }
.person { display: flex; align-items: center; gap: .3em; border-color: #256ef4; color: #0b50d0; font-weight: 700; white-space: nowrap; }
.person:hover:enabled { background: #d8e5fd; }
.person:disabled { border-color: #b1b8be; color: #464c53; background: #f4f5f6; }

.status { display: flex; align-items: center; justify-content: space-between; gap: .75em; }
.status:not([data-state=""]) { padding: .5em 1em; background: #eaf6ec; border-bottom: 1px solid #a9dab4; font-size: .9375em; }
.status[data-state=queued] { background: #fff3db; border-color: #ffc95c; }
.status[data-state=closed] { background: #f4f5f6; border-color: #cdd1d5; }
.status button { white-space: nowrap; }

.pinned:not(:empty) { flex: 0 1 auto; min-height: 6em; max-height: 70%; padding: .6em .75em; border-bottom: 1px solid #cdd1d5; overflow: auto; }
.emergency { position: relative; display: grid; gap: .55em; padding: .85em 1em; border: 2px solid #bd2c0f; border-radius: .75em; background: #fdefec; }
.emergency h3 { display: flex; align-items: center; gap: .4em; color: #8a240f; font-size: 1.0625em; padding-right: 2em; }
.emergency-text { white-space: pre-line; }
.emergency a:not(.call) { color: #8a240f; font-weight: 700; }
.call { display: flex; align-items: center; justify-content: center; gap: .5em; min-height: 2.6em; border: 2px solid transparent; border-radius: .5em; background: #bd2c0f; color: #fff; font-size: 1.25em; font-weight: 700; text-decoration: none; }
.call:hover { background: #8a240f; }
.exit { display: grid; grid-template-columns: auto 1fr; gap: .75em; align-items: center; }
.exit button { border: 2px solid #1e2124; font-weight: 700; }
.exit p, .small { font-size: .875em; color: #464c53; }
.dismiss { position: absolute; inset: .2em .2em auto auto; min-width: 2.75em; padding: 0; border-color: transparent; background: transparent; display: grid; place-items: center; }
.emergency :focus-visible { outline-color: #1e2124; }

.middle { position: relative; flex: 1 1 0; min-height: 0; display: flex; }
.log { position: relative; flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 1em .75em .75em; }
.log:focus-visible { outline-offset: -3px; }
.row { display: grid; gap: .2em; justify-items: start; margin-bottom: .9em; }
.by { display: flex; gap: .5em; align-items: baseline; font-size: .875em; color: #58616a; }
.who { font-weight: 700; color: #464c53; }
.officer .who { border-radius: .3em; padding: 0 .5em; background: #267337; color: #fff; }
.bubble { white-space: pre-wrap; max-width: 92%; padding: .6em .9em; border: 1px solid transparent; border-radius: .25em .9em .9em .9em; background: #f4f5f6; }
.stack .bubble { max-width: none; }
.officer .bubble { background: #eaf6ec; }
.citizen { justify-items: end; }
.citizen .bubble { border-radius: .9em .25em .9em .9em; background: #0b50d0; color: #fff; max-width: 85%; }
.citizen[data-status=failed] .bubble, .citizen[data-status=retrying] .bubble { border: 2px dashed #bd2c0f; background: #fff; color: #1e2124; }
.unsent { display: flex; flex-wrap: wrap; align-items: center; justify-content: end; gap: .35em; font-size: .9375em; color: #bd2c0f; text-align: right; }
.unsent button { border-color: #bd2c0f; min-height: 2.4em; padding: .1em .75em; }
.why { flex-basis: 100%; color: #464c53; }
.stack { display: grid; gap: .5em; justify-items: start; max-width: 92%; }
.choices { display: flex; flex-wrap: wrap; gap: .4em; }
.choice { border-color: #256ef4; border-radius: 1.5em; color: #0b50d0; text-align: left; font-weight: 700; }
.choice:hover:enabled { background: #ecf2fe; }
.choice:disabled { border-color: #cdd1d5; color: #58616a; font-weight: 400; background: #f4f5f6; }
.notice { display: grid; gap: .5em; justify-items: center; margin: .25em 1em 1.1em; text-align: center; font-size: .875em; color: #58616a; white-space: pre-line; }

.card { display: grid; gap: .65em; width: min(100%, 22em); padding: .9em 1em; border: 1px solid #b1b8be; border-top: 4px solid #256ef4; border-radius: .5em; background: #fff; }
.card h3 { display: flex; flex-wrap: wrap; align-items: center; gap: .5em; font-size: 1.0625em; }
.card-text { white-space: pre-line; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .35em .9em; }
dt { color: #58616a; }
dd { text-align: right; }
.number { font-size: 1.0625em; overflow-wrap: anywhere; }
.badge { display: inline-block; border-radius: .3em; padding: 0 .5em; background: #ecf2fe; color: #0b50d0; font-weight: 700; font-size: .9375em; }
.pin { display: grid; grid-template-columns: 1fr auto; gap: .25em .75em; align-items: center; padding: .6em .75em; border-radius: .5em; background: #fff3db; }
.pin-value { font-size: 1.375em; letter-spacing: .12em; }
.pin .small { grid-column: 1 / -1; color: #614100; font-weight: 700; }

.fresh { position: absolute; left: 50%; bottom: .5em; transform: translateX(-50%); display: flex; align-items: center; gap: .4em; border-color: #256ef4; border-radius: 2em; color: #0b50d0; box-shadow: 0 .15em .6em #0003; white-space: nowrap; }
.typing { display: flex; align-items: center; gap: .6em; padding: .25em 1em; font-size: .875em; color: #58616a; }
.dots { display: inline-flex; gap: .25em; }
.dots i { width: .45em; height: .45em; border-radius: 50%; background: #256ef4; animation: breathe 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .2s; }
.dots i:nth-child(3) { animation-delay: .4s; }
@keyframes breathe { 0%, 70%, 100% { opacity: .3; } 35% { opacity: 1; } }

.composer { padding: .6em .75em calc(.6em + env(safe-area-inset-bottom)); border-top: 1px solid #cdd1d5; display: grid; grid-template-columns: minmax(0, 1fr); gap: .3em; }
.write { display: flex; gap: .5em; align-items: flex-end; }
textarea { flex: 1; min-width: 0; resize: none; min-height: 3em; max-height: 8.5em; padding: .7em .8em; border: 1px solid #58616a; border-radius: .5em; background: #fff; line-height: 1.5; }
textarea::placeholder { color: #58616a; opacity: 1; }
textarea:focus-visible { outline-offset: 0; }
.send { min-width: 3em; min-height: 3em; padding: 0; display: grid; place-items: center; border-color: transparent; background: #256ef4; color: #fff; }
.send:hover:enabled { background: #0b50d0; }
.send:disabled { background: #cdd1d5; color: #58616a; }
.hint, .counter { font-size: .8125em; color: #58616a; }
.counter { text-align: right; }
.counter.over { color: #bd2c0f; font-weight: 700; text-align: left; }

@media (max-width: 40em), (max-height: 30em) {
  .panel { inset: 0; width: 100vw; height: 100vh; height: 100dvh; border: 0; border-radius: 0; }
  header { padding-top: calc(.6em + env(safe-area-inset-top)); padding-inline: max(1em, env(safe-area-inset-left)) max(.5em, env(safe-area-inset-right)); }
  .composer, .log { padding-inline: max(.75em, env(safe-area-inset-left)) max(.75em, env(safe-area-inset-right)); }
}
/* Half a phone's screen beside its keyboard: the words come first. */
@container (max-height: 28em) {
  .languages, .hint { display: none; }
  .disclosure { padding-block: .2em; }
}
@media (prefers-reduced-motion: reduce) {
  .dots i { animation: none; opacity: 1; }
}
@media (prefers-reduced-motion: no-preference) {
  .launcher, button { transition: background-color .15s; }
}
@media (forced-colors: active) {
  .bubble, .badge, .pin, .call, .launcher, .who, .send { border: 1px solid; }
  .languages button[aria-pressed=true] { border-width: 3px; }
  .dots i { background: CanvasText; }
}
`);

customElements.define("public-assistant", PublicAssistant);
