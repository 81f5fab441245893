// Search, profile switch, theme, tabs, copy buttons. Without this script the pages are complete; they only do not react.
(function () {
  'use strict';
  var root = document.documentElement;
  var $ = function (selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); };
  var remember = function (key, value) { try { localStorage.setItem('wsp-' + key, value); } catch (e) { /* private mode */ } };
  var make = function (name, attributes, text) {
    var element = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { element.setAttribute(key, attributes[key]); });
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // A percent sign that was typed by hand stands for itself.
  var decoded = function (text) { try { return decodeURIComponent(text); } catch (e) { return text; } };

  // Theme: what the system prefers, until the button says otherwise.
  document.getElementById('theme').addEventListener('click', function () {
    var dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    remember('theme', root.dataset.theme);
  });

  // Profile switch.
  var buttons = $('.switch button');
  var setProfile = function (profile, store) {
    var known = buttons.some(function (button) { return button.dataset.set === profile; });
    root.dataset.profile = known ? profile : 'all';
    buttons.forEach(function (button) { button.setAttribute('aria-pressed', String(button.dataset.set === root.dataset.profile)); });
    if (store) remember('profile', root.dataset.profile);
  };
  buttons.forEach(function (button) { button.addEventListener('click', function () { setProfile(button.dataset.set, true); }); });
  setProfile(root.dataset.profile, false);

  // A link to something that the chosen profile hides shows everything.
  var reveal = function () {
    var target = location.hash.length > 1 && document.getElementById(decoded(location.hash.slice(1)));
    if (target && !target.getClientRects().length && !target.closest('.code')) {
      setProfile('all', false);
      target.scrollIntoView();
    }
  };

  // Signatures: one at a time, with a button that copies.
  $('.tabs').forEach(function (tabs) {
    var blocks = $('.code', tabs);
    var list = make('div', { 'class': 'tablist', role: 'tablist', 'aria-label': 'Language' });
    var choose = function (index, focus) {
      blocks.forEach(function (block, i) {
        block.hidden = i !== index;
        list.children[i].setAttribute('aria-selected', String(i === index));
        list.children[i].tabIndex = i === index ? 0 : -1;
      });
      if (focus) list.children[index].focus();
      remember('tab', blocks[index].dataset.tab);
    };
    blocks.forEach(function (block, i) {
      block.id = 'signature-' + i;
      block.setAttribute('role', 'tabpanel');
      block.setAttribute('aria-label', block.dataset.tab);
      var tab = make('button', { type: 'button', role: 'tab', 'aria-controls': block.id }, block.dataset.tab);
      tab.addEventListener('click', function () { choose(i); });
      tab.addEventListener('keydown', function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) choose((i + step + blocks.length) % blocks.length, true);
      });
      list.appendChild(tab);
    });
    tabs.insertBefore(list, tabs.firstChild);
    tabs.classList.add('tabbed');
    var wanted = null;
    try { wanted = localStorage.getItem('wsp-tab'); } catch (e) { /* private mode */ }
    choose(Math.max(0, blocks.findIndex(function (block) { return block.dataset.tab === wanted; })));
  });
  var copy = function (text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    var area = document.body.appendChild(make('textarea', {}, text));
    area.select();
    document.execCommand('copy');
    area.remove();
    return Promise.resolve();
  };
  $('.code').forEach(function (block) {
    var button = make('button', { type: 'button', 'class': 'copy' }, 'Copy');
    button.addEventListener('click', function () {
      copy(block.querySelector('pre').textContent).then(function () {
        button.textContent = 'Copied';
        setTimeout(function () { button.textContent = 'Copy'; }, 1500);
      });
    });
    block.appendChild(button);
  });

  // The contents mark the section that is being read.
  var links = $('.toc a');
  if (links.length && 'IntersectionObserver' in window) {
    var seen = new IntersectionObserver(function () {
      var current = links[0];
      links.forEach(function (link) {
        var heading = document.getElementById(link.hash.slice(1));
        if (heading && heading.getBoundingClientRect().top < 140) current = link;
      });
      links.forEach(function (link) { link.classList.toggle('here', link === current); });
    }, { rootMargin: '-100px 0px -60% 0px' });
    links.forEach(function (link) {
      var heading = document.getElementById(link.hash.slice(1));
      if (heading) seen.observe(heading.parentElement);
    });
  }
  var here = document.querySelector('.side [aria-current]');
  if (here && here.offsetTop > innerHeight - 160) here.closest('.side').scrollTop = here.offsetTop - innerHeight / 2;

  // Search. A row of the index is [kind, name, place, text]; a lower score is better, null is no match.
  var input = document.getElementById('q');
  var hits = document.getElementById('hits');
  var index = (window.WSP_INDEX || []).map(function (row) {
    return { kind: row[0], name: row[1], place: row[2], text: row[3], low: row[1].toLowerCase(), all: (row[1] + ' ' + row[3]).toLowerCase() };
  });
  var weight = { Rule: 40, Check: 30, Constant: 14, Type: 12, State: 8, Topic: 8, Table: 6, 'Error code': 2 };
  var scoreWord = function (entry, word) {
    if (entry.low === word) return 0;
    if (entry.low.replace(/^(wsp|wpu|wsae?|lp)_?/, '') === word) return 4;
    if (entry.low.indexOf(word) === 0) return 10 + entry.low.length / 10;
    var at = entry.low.indexOf(word);
    // The start of a word inside a name counts more than its middle: `Select` in `WSPEventSelect`.
    if (at > 0) return (/[A-Z_.-]/.test(entry.name[at]) || /[_.\- ]/.test(entry.name[at - 1]) || at < 5 ? 18 : 30) + entry.low.length / 10;
    at = entry.all.indexOf(word);
    if (at < 0) return null;
    return at === 0 || /[^a-z0-9]/.test(entry.all[at - 1]) ? 50 : 70;
  };
  var search = function (query) {
    var words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return index.map(function (entry) {
      var total = weight[entry.kind] || 0;
      for (var i = 0; i < words.length; i++) {
        var score = scoreWord(entry, words[i]);
        if (score === null) return null;
        total += score;
      }
      return { entry: entry, score: total };
    }).filter(Boolean).sort(function (a, b) {
      return a.score - b.score || (a.entry.name < b.entry.name ? -1 : 1);
    }).slice(0, 40).map(function (hit) { return hit.entry; });
  };
  var marked = function (text, words, cls) {
    var span = make('span', { 'class': cls });
    var at = -1, length = 0;
    words.forEach(function (word) {
      var found = text.toLowerCase().indexOf(word);
      if (at < 0 && found >= 0) { at = found; length = word.length; }
    });
    if (at < 0) { span.textContent = text.slice(0, 160); return span; }
    var start = cls === 'text' ? Math.max(0, at - 18) : 0;
    span.append((start ? '\u2026' : '') + text.slice(start, at), make('mark', {}, text.slice(at, at + length)), text.slice(at + length, at + length + 160));
    return span;
  };
  var selected = -1;
  var select = function (next) {
    var items = $('[role=option]', hits);
    selected = items.length ? (next + items.length) % items.length : -1;
    items.forEach(function (item, i) { item.setAttribute('aria-selected', String(i === selected)); });
    if (selected >= 0) {
      items[selected].scrollIntoView({ block: 'nearest' });
      input.setAttribute('aria-activedescendant', items[selected].id);
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  };
  var show = function () {
    var query = input.value.trim();
    var words = query.toLowerCase().split(/\s+/).filter(Boolean);
    hits.textContent = '';
    search(query).forEach(function (entry, i) {
      var item = make('li', { role: 'option', id: 'hit-' + i });
      var link = make('a', { href: input.dataset.root + entry.place, tabindex: '-1' });
      link.append(marked(entry.name, words, 'name'), make('span', { 'class': 'kind' }, entry.kind), marked(entry.text, words, 'text'));
      link.addEventListener('click', close);
      item.append(link);
      hits.append(item);
    });
    if (query && !hits.children.length) hits.append(make('li', { 'class': 'nothing' }, 'Nothing is called that, and no text has all these words.'));
    hits.hidden = !query;
    input.setAttribute('aria-expanded', String(!!query));
    select(0);
  };
  var close = function () { hits.hidden = true; input.setAttribute('aria-expanded', 'false'); };
  input.addEventListener('input', show);
  input.addEventListener('focus', function () { if (input.value.trim()) show(); });
  input.addEventListener('keydown', function (event) {
    if (event.key === 'ArrowDown') { event.preventDefault(); select(selected + 1); }
    else if (event.key === 'ArrowUp') { event.preventDefault(); select(selected - 1); }
    else if (event.key === 'Enter') { var link = $('[aria-selected="true"] a', hits)[0]; if (link) link.click(); }
    else if (event.key === 'Escape') { close(); input.blur(); }
  });
  document.addEventListener('keydown', function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); input.focus(); input.select(); }
  });
  document.addEventListener('click', function (event) { if (!event.target.closest('.search')) close(); });

  // `#q=words` opens the search, so that a search can be linked.
  var fromHash = function () {
    if (location.hash.indexOf('#q=') === 0) {
      input.value = decoded(location.hash.slice(3).replace(/\+/g, ' '));
      input.focus();
      show();
    } else {
      reveal();
    }
  };
  window.addEventListener('hashchange', fromHash);
  fromHash();
})();
