// The search page: asks Pagefind's index and checks what it answers.
//
// Pagefind finds more than was asked: for a word that no page has, it takes the words
// that begin alike. A page counts here only if it really holds the query, or the same
// term in the other language (synonyms.json is made from the glossary).
(() => {
  "use strict";

  // Pages whose text is read for one query.
  const MOST_READ = 100;
  const LOOSELY = 0.6; // weight of a word that means nearly the same
  const form = document.getElementById("search-form");
  const input = document.getElementById("search-input");
  const status = document.getElementById("search-status");
  const list = document.getElementById("search-results");
  const root = new URL(document.documentElement.dataset.content_root, location.href);

  const say = (text, values = {}) => {
    status.textContent = text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };

  // The index holds each Chinese character as a word of its own: cutting Chinese into
  // words is guesswork, and the guesses for page and query would differ.
  const HAN = /\p{Script=Han}/u;
  const BETWEEN = /(\p{Script=Han})(?=\p{Script=Han})/gu;
  // So does each part of a dotted name: "torch .as_tensor".
  const DOT = /(?<=[a-z0-9_])\.(?=[a-z_])/gi;
  const cut = (query) => query.replace(BETWEEN, "$1 ").replace(DOT, " .");
  const join = (text = "") =>
    text
      .replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, "")
      .replace(/(?<=[a-z0-9_)\]]) \.(?=[a-z_])/gi, ".");
  const joined = (page) => ({
    url: page.url,
    content: join(page.content),
    meta: { title: join(page.meta.title) },
    anchors: page.anchors.map((it) => ({ text: join(it.text) })),
    sub_results: page.sub_results.map(({ url, title, excerpt }) => ({
      url,
      title: join(title),
      excerpt: join(excerpt.replace(/<\/?mark>/g, "")),
    })),
  });
  const tidy = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
  // "梯度gradient torch.einsum" → 梯度, gradient, torch.einsum
  const wordsOf = (query) => query.match(/\p{Script=Han}+|[^\s\p{Script=Han}]+/gu) ?? [];

  // English endings are cut so that "gradients" finds "gradient", and back.
  const stem = (word) =>
    /^[a-z-]{6,}$/.test(word) ? word.replace(/(ations?|ions?|ies|ing|ed|es|s|e|y)$/, "") : word;

  // A compound such as 张量形状 may stand on the page in parts of two or more characters.
  const partsOf = (word, text) => {
    if (text.includes(word)) return [word];
    for (let cut = word.length - 2; cut >= 2; cut--) {
      const rest = text.includes(word.slice(0, cut)) && partsOf(word.slice(cut), text);
      if (rest) return [word.slice(0, cut), ...rest];
    }
    return null;
  };
  const pattern = (word) => {
    const escaped = stem(word).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return HAN.test(word) ? escaped : `(?<![a-z0-9])${escaped}`;
  };
  const count = (word, text) => (text.match(new RegExp(pattern(word), "gi")) ?? []).length;
  // What of the query stands in a text; nothing at all if one of its words is missing.
  const found = (words, text) => {
    const parts = words.map((word) =>
      HAN.test(word) ? partsOf(word, text) : count(word, text) ? [word] : null,
    );
    return parts.includes(null) ? [] : parts.flat();
  };

  // All ways to say the query, each with its weight: as it is, with its terms in the
  // other language, and other words for the same thing.
  const variants = (query, synonyms) => {
    const all = [query];
    const terms = Object.keys(synonyms)
      .filter((term) => (HAN.test(term) ? query.includes(term) : ` ${query} `.includes(` ${term} `)))
      .sort((a, b) => b.length - a.length);
    let other = query;
    for (const term of terms) other = other.replace(term, ` ${synonyms[term][0]} `);
    all.push(tidy(other));
    const loose = synonyms[query] ?? [];
    return new Map([...loose.map((it) => [it, LOOSELY]), ...all.map((it) => [it, 1])]);
  };

  // Titles count most, then headings, then how often the words stand in the text.
  const rank = (page, query) => {
    const words = wordsOf(query);
    const title = tidy(page.meta.title);
    const text = tidy(`${title} ${page.content}`);
    const parts = found(words, text);
    if (!parts.length) return { score: 0 };
    const headings = page.anchors.map((it) => tidy(it.text));
    const named = headings.filter((heading) => found(words, heading).length).length;
    const times = Math.min(...parts.map((part) => count(part, text)));
    let score = 1 + Math.log2(1 + times) + 2 * Math.log2(1 + named);
    if (title === query) score += 10;
    else if (found(words, title).length) score += 5;
    if (headings.includes(query)) score += 4;
    // A compound that stands there as it was asked for is worth more than its parts.
    if (parts.length > 1) score += 3 * Math.log2(1 + count(query, text));
    return { page, score, parts: text.includes(query) ? [query, ...parts] : parts };
  };

  const search = async (pagefind, query, synonyms) => {
    const pages = new Map();
    for (const [variant, weight] of variants(query, synonyms)) {
      const { results } = await pagefind.search(cut(variant));
      const read = results.slice(0, MOST_READ).map((result) => result.data());
      for (const page of (await Promise.all(read)).map(joined)) {
        const answer = rank(page, variant);
        answer.score *= weight;
        const known = pages.get(page.url); // with an excerpt in the reader's own words
        if (known) known.score = Math.max(known.score, answer.score);
        else if (answer.score) pages.set(page.url, answer);
      }
    }
    return [...pages.values()].sort((a, b) => b.score - a.score);
  };

  const element = (name, ...content) => {
    const node = document.createElement(name);
    node.append(...content);
    return node;
  };
  const link = (url, title) => {
    const node = element("a", title);
    node.href = url;
    return node;
  };
  const excerpt = ({ page, parts }) => {
    const any = new RegExp(`(${parts.map(pattern).join("|")})`, "gi");
    const length = HAN.test(page.content.slice(0, 50)) ? 100 : 180;
    const first = page.content.search(new RegExp(pattern(parts[0]), "i"));
    const start = Math.max(0, first - length / 4);
    const words = page.content.slice(start, start + length).split(any);
    const nodes = words.map((text, number) => (number % 2 ? element("mark", text) : text));
    return element("p", start ? "… " : "", ...nodes, " …");
  };
  const sections = ({ page, parts }) => {
    const close = ({ title, excerpt }) =>
      parts.filter((part) => count(part, excerpt)).length +
      3 * parts.filter((part) => count(part, title)).length;
    const named = page.sub_results
      .filter((it) => it.url.includes("#") && close(it))
      .sort((a, b) => close(b) - close(a));
    const links = named.slice(0, 3).map((it) => element("li", link(it.url, it.title)));
    return links.length ? [element("ul", ...links)] : [];
  };
  const show = (answers) => {
    const items = answers.map((answer) => {
      const title = element("h2", link(answer.page.url, answer.page.meta.title));
      return element("li", title, excerpt(answer), ...sections(answer));
    });
    list.replaceChildren(...items);
  };

  let newest = 0;
  const answer = async (tools, typed) => {
    const turn = ++newest;
    const query = tidy(typed);
    list.replaceChildren();
    if (!query) return say("");
    say(status.dataset.working);
    try {
      const [pagefind, synonyms] = await tools;
      const answers = await search(pagefind, query, synonyms);
      if (turn !== newest) return;
      const { none, one, many } = status.dataset;
      const counted = answers.length === 0 ? none : answers.length === 1 ? one : many;
      say(counted, { count: answers.length, query: typed.trim() });
      show(answers);
    } catch (error) {
      say(status.dataset.failed);
      console.warn(error);
    }
  };

  const load = async () => {
    const pagefind = await import(new URL("pagefind/pagefind.js", root));
    await pagefind.options({ baseUrl: root.pathname });
    const synonyms = await fetch(new URL("synonyms.json", root));
    return [pagefind, await synonyms.json()];
  };

  const start = () => {
    form.hidden = false;
    if (location.protocol === "file:") return say(status.dataset.file);
    const tools = load();
    tools.catch(() => say(status.dataset.failed));
    input.value = new URLSearchParams(location.search).get("q") ?? "";
    let waiting = 0;
    const ask = () => {
      const address = new URL(location.href);
      address.searchParams.set("q", input.value);
      history.replaceState(null, "", address);
      answer(tools, input.value);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(waiting);
      ask();
    });
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, 300);
    });
    input.focus();
    answer(tools, input.value);
  };
  start();
})();
