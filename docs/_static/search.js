// The search page: asks Pagefind's index and checks what it answers.
//
// Pagefind finds more than was asked: for a word that no page has, it takes the words
// that begin alike. A page counts here only if it really holds the query, or the same
// term in the other language (synonyms.json is made from the glossary).
(() => {
  "use strict";

  const MOST_READ = 24; // pages whose text is read for one query
  const MOST_SHOWN = 12;
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
  const join = (text) =>
    text.replace(/(?<=\p{Script=Han})((?:<\/?mark>)*) ((?:<\/?mark>)*)(?=\p{Script=Han})/gu, "$1$2");
  const joined = (page) => ({
    ...page,
    content: join(page.content),
    excerpt: join(page.excerpt),
    meta: { ...page.meta, title: join(page.meta.title ?? "") },
    anchors: page.anchors.map((it) => ({ ...it, text: join(it.text ?? "") })),
    sub_results: page.sub_results.map((it) => ({ ...it, title: join(it.title) })),
  });
  const tidy = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
  // "梯度gradient torch.einsum" → 梯度, gradient, torch.einsum
  const wordsOf = (query) => query.match(/\p{Script=Han}+|[^\s\p{Script=Han}]+/gu) ?? [];

  // English endings are cut so that "gradients" finds "gradient", and back.
  const stem = (word) =>
    /^[a-z]{6,}$/.test(word) ? word.replace(/(ations?|ions?|ies|ing|ed|es|s|e|y)$/, "") : word;

  // A compound such as 张量形状 may stand on the page in parts of two or more characters.
  const inParts = (word, text) => {
    if (text.includes(word)) return true;
    for (let cut = word.length - 2; cut >= 2; cut--) {
      if (text.includes(word.slice(0, cut)) && inParts(word.slice(cut), text)) return true;
    }
    return false;
  };
  const pattern = (word) => {
    const escaped = stem(word).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(HAN.test(word) ? escaped : `(?<![a-z0-9])${escaped}`, "g");
  };
  const holds = (word, text) => (HAN.test(word) ? inParts(word, text) : pattern(word).test(text));
  const holdsAll = (words, text) => words.every((word) => holds(word, text));

  // All ways to say the query: as it is, and with its terms in the other language.
  const variants = (query, synonyms) => {
    const all = [query];
    const terms = Object.keys(synonyms)
      .filter((term) => (HAN.test(term) ? query.includes(term) : ` ${query} `.includes(` ${term} `)))
      .sort((a, b) => b.length - a.length);
    let other = query;
    for (const term of terms) other = other.replace(term, ` ${synonyms[term][0]} `);
    all.push(tidy(other));
    for (const also of synonyms[query] ?? []) all.push(also);
    return [...new Set(all)];
  };

  // Titles count most, then headings, then how often the words stand in the text.
  const rank = (page, query) => {
    const words = wordsOf(query);
    const title = tidy(page.meta.title ?? "");
    const text = tidy(`${title} ${page.content}`);
    if (!holdsAll(words, text)) return 0;
    const headings = page.anchors.map((it) => tidy(it.text ?? ""));
    const named = headings.filter((heading) => holdsAll(words, heading)).length;
    const times = Math.min(...words.map((word) => (text.match(pattern(word)) ?? []).length));
    let score = 1 + Math.log2(1 + times) + 2 * Math.log2(1 + named);
    if (title === query) score += 10;
    else if (holdsAll(words, title)) score += 5;
    if (headings.includes(query)) score += 4;
    if (words.length > 1 && text.includes(query)) score += 3;
    return score;
  };

  const search = async (pagefind, query, synonyms) => {
    const pages = new Map();
    for (const variant of variants(query, synonyms)) {
      const { results } = await pagefind.search(variant.replace(BETWEEN, "$1 "));
      const read = results.slice(0, MOST_READ).map((found) => found.data());
      for (const page of (await Promise.all(read)).map(joined)) {
        const score = rank(page, variant) * (variant === query ? 1.2 : 1);
        const known = pages.get(page.url); // with an excerpt in the reader's own words
        if (known) known.score = Math.max(known.score, score);
        else if (score) pages.set(page.url, { page, score });
      }
    }
    return [...pages.values()].sort((a, b) => b.score - a.score).map(({ page }) => page);
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
  const excerpt = (html) => {
    const node = element("p");
    node.innerHTML = html; // Pagefind has escaped the text; it adds only <mark>
    return node;
  };
  const show = (pages) => {
    list.replaceChildren(
      ...pages.slice(0, MOST_SHOWN).map((page) => {
        const item = element("li", element("h2", link(page.url, page.meta.title)));
        item.append(excerpt(page.excerpt));
        const sections = page.sub_results.filter((it) => it.url.includes("#")).slice(0, 3);
        if (sections.length) {
          const links = sections.map((it) => element("li", link(it.url, it.title)));
          item.append(element("ul", ...links));
        }
        return item;
      }),
    );
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
      const pages = await search(pagefind, query, synonyms);
      if (turn !== newest) return;
      const { none, one, many } = status.dataset;
      const counted = pages.length === 0 ? none : pages.length === 1 ? one : many;
      say(counted, { count: pages.length, query: typed.trim() });
      show(pages);
    } catch (error) {
      say(status.dataset.failed);
      console.warn(error);
    }
  };

  const load = async () => {
    const pagefind = await import(new URL("pagefind/pagefind.js", root));
    await pagefind.options({ baseUrl: root.pathname, excerptLength: 24 });
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
