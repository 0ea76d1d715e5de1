/** What the tests put in place of the browser: clock, server, stream, and a document without layout. */

/** Time moves only by `tick`. */
export function fakeClock(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.parse("2026-01-01T12:00:00Z") });
  t.mock.method(performance, "now", () => Date.now());
  return {
    async tick(milliseconds) {
      t.mock.timers.tick(milliseconds);
      await settled();
    },
  };
}

/** Everything that is only waiting for a promise has happened. */
export function settled() {
  return new Promise((done) => {
    setImmediate(done);
  });
}

/** Keeps every request open until the test answers it. */
export function fakeServer(t) {
  const requests = [];
  t.mock.method(globalThis, "fetch", (url, { signal } = {}) => {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => reject(signal.reason));
      requests.push({
        url: new URL(url, "http://airside.test/"),
        get isAborted() {
          return signal?.aborted ?? false;
        },
        async answer(body, status = 200) {
          resolve(new Response(JSON.stringify(body), { status }));
          await settled();
        },
        /** Says 200, and then nothing more. */
        async begin() {
          const body = new ReadableStream({
            start: (stream) => signal?.addEventListener("abort", () => stream.error(signal.reason)),
          });
          resolve(new Response(body));
          await settled();
        },
        async fail() {
          reject(new TypeError("fetch failed"));
          await settled();
        },
      });
    });
  });
  return {
    requests,
    /** Those to a route, oldest first. */
    to: (route) => requests.filter(({ url }) => url.pathname === `/api/v1/${route}`),
  };
}

/** Puts a stand-in where the browser has its own, for the time of a test. */
export function replaceGlobals(t, values) {
  for (const [name, value] of Object.entries(values)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, name, before);
      else delete globalThis[name];
    });
  }
}

/** Every EventSource that was made, each of which the test opens, or lets fail. */
export function fakeEventSources(t) {
  const sources = [];
  class FakeEventSource extends EventTarget {
    constructor() {
      super();
      sources.push(this);
    }

    close() {}

    send(name, document) {
      this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(document) }));
    }

    fail() {
      this.dispatchEvent(new Event("error"));
    }
  }
  replaceGlobals(t, { EventSource: FakeEventSource });
  return sources;
}

class FakeElement extends EventTarget {
  children = [];
  parent = null;
  className = "";
  value = "";
  hidden = false;
  clientWidth = 400;
  clientHeight = 0;
  offsetHeight = 0;
  scrollTop = 0;
  dataset = {};
  style = { setProperty() {} };
  classList = { add() {}, remove() {}, toggle() {} };
  attributes = new Map();

  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  toggleAttribute(name, isSet) {
    if (isSet) this.setAttribute(name, "");
    else this.removeAttribute(name);
  }

  append(...children) {
    this.children.push(...this.adopted(children));
  }

  prepend(...children) {
    this.children.unshift(...this.adopted(children));
  }

  replaceChildren(...children) {
    this.children = this.adopted(children);
  }

  adopted(children) {
    for (const child of children) if (child instanceof FakeElement) child.parent = this;
    return children;
  }

  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }

  /** @param selector A class. */
  closest(selector) {
    const isOne = this.className.split(" ").includes(selector.slice(1));
    return isOne ? this : (this.parent?.closest(selector) ?? null);
  }

  get textContent() {
    return this.children.map((child) => child.textContent ?? child).join("");
  }

  set textContent(text) {
    this.children = [text];
  }

  /** Of a table's body. */
  get rows() {
    return this.children;
  }

  insertRow() {
    return this.insertCell();
  }

  /** Of a row. */
  get cells() {
    return this.children;
  }

  insertCell() {
    const made = new FakeElement();
    this.append(made);
    return made;
  }

  contains(other) {
    return other === this || this.children.some((child) => child instanceof FakeElement && child.contains(other));
  }

  querySelector() {
    return null;
  }

  click() {}

  focus() {
    document.activeElement = this;
    this.bubble(new Event("focusin"));
  }

  /** The event reaches those around it too. */
  bubble(event) {
    Object.defineProperty(event, "target", { value: this });
    for (let element = this; element; element = element.parent) element.dispatchEvent(event);
  }
}

/** A document that holds elements and their text, at an address; nothing is seen until it is shown. */
export function fakeDocument(t, search = "") {
  const document = Object.assign(new EventTarget(), {
    documentElement: new FakeElement(),
    activeElement: null,
    hidden: false,
    baseURI: "http://airside.test/",
    createElement: () => new FakeElement(),
    createElementNS: () => new FakeElement(),
  });
  const observers = [];
  class Observer {
    constructor(tell) {
      observers.push(tell);
    }

    observe() {}
  }
  const location = { search, pathname: "/", href: `http://airside.test/${search}`, reload() {} };
  const go = (_state, _title, url) => {
    const { href, search: query } = new URL(url, location.href);
    Object.assign(location, { href, search: query });
  };
  replaceGlobals(t, {
    document,
    location,
    history: { pushState: go, replaceState: go },
    addEventListener() {},
    reportError() {},
    innerWidth: 1_920,
    requestAnimationFrame: (draw) => draw(),
    getComputedStyle: () => ({ fontSize: "16px", getPropertyValue: () => "" }),
    HTMLElement: FakeElement,
    ResizeObserver: class {
      observe() {}
    },
    IntersectionObserver: Observer,
  });
  return {
    document,
    /** Everything comes into sight. */
    show() {
      for (const tell of observers) tell([{ isIntersecting: true }]);
    },
  };
}

/** All elements below one that have a class. */
export function byClass(element, name) {
  return element.children.flatMap((child) => {
    if (!(child instanceof FakeElement)) return [];
    const isOne = child.className.split(" ").includes(name);
    return [...(isOne ? [child] : []), ...byClass(child, name)];
  });
}
