// What a search of the table of heads means: "heads that look at the next word but not at [SEP]", "broad", "next > 40".
// Conditions side by side must all hold, "not" turns the next one round, "or" begins another choice. What was not
// understood is kept, to be said.
window.bertHeadSearch = (() => {
  const HALF = 50;
  // The numbers of a head, in the order of its row, by the words for them; shares are in per cent.
  const MEASURES = [
    ['same words?(?: elsewhere)?', 6],
    ['themselves|itself|self|same tokens?', 0],
    ['previous(?: words?| tokens?)?|(?:words?|tokens?) before', 1],
    ['(?:next|following)(?: words?| tokens?)?|(?:words?|tokens?) (?:after|behind)', 2],
    ['\\[cls\\]|cls|<s>', 3],
    ['\\[sep\\]|sep|</s>|separators?', 4],
    ['punctuation(?: marks?)?', 5],
    ['entropy', 7],
    ['distance', 8],
  ];
  const KINDS = [
    ['broad(?:ly)?', 'broad', 7, '>=', '0.8 of the largest possible'],
    ['narrow(?:ly)?', 'narrow', 7, '<=', '0.2 of the largest possible'],
    ['near(?:by)?', 'near', 8, '<=', 'half of that of attention spread evenly'],
    ['far(?: away)?', 'far', 8, '>=', 'that of attention spread evenly'],
  ];
  const SIGNS = { '>=': 'at least', '>': 'over', '<=': 'at most', '<': 'under', '=': '' };
  const OPPOSITE = { '>=': '<', '>': '<=', '<=': '>', '<': '>=', '=': '!' };
  const SPELLED = { over: '>', above: '>', 'more than': '>', under: '<', below: '<', 'less than': '<', 'at least': '>=', 'at most': '<=' };
  const SIGN = `>=|<=|>|<|${Object.keys(SPELLED).join('|')}`;
  const FILLER = 'heads?|that|which|the|an?|to|at|on|of|and|but|also|with|their|its|attention|all|do|does|is|are|known|for|finds?'
    + '|look(?:s|ing)?|attend(?:s|ing)?|park(?:s|ed|ing)?|goes|go';

  const holds = { '>=': (a, b) => a >= b, '>': (a, b) => a > b, '<=': (a, b) => a <= b, '<': (a, b) => a < b, '=': (a, b) => a === b, '!': (a, b) => a !== b };
  const share = (value) => Math.round(1e5 * value) / 1e3;

  // One spelling of what may be written in several ways; the model's own special tokens by BERT's names.
  function plain(query, names) {
    const own = [[names[3], '[cls]'], ...names[4].split(', ').map((name) => [name, '[sep]'])];
    return own.reduce((text, [name, common]) => text.replaceAll(name.toLowerCase(), ` ${common} `), query.toLowerCase())
      .replace(/\b(?:do|does)n['\u2019]?t\b/g, ' not ').replace(/(?<=\p{L})-(?=\p{L})/gu, ' ')
      .replaceAll('\u2265', '>=').replaceAll('\u2264', '<=').replace(/\s+/g, ' ');
  }

  // A condition on one of the numbers of a row.
  function figure(names, column, sign, limit) {
    const name = [names[0], 'previous word', 'next word', names[3], names[4], names[5], 'same word elsewhere', 'entropy', 'distance'][column];
    const unit = column < 7 ? ' %' : column === 7 ? ' nats' : ' tokens';
    return {
      said: `${name} ${SIGNS[sign]} ${limit}${unit}`,
      holds: (row) => holds[sign](column < 7 ? share(row.values[column]) : row.values[column], limit),
      opposite: () => figure(names, column, OPPOSITE[sign], limit),
    };
  }

  // Broad, narrow, near or far: a figure with a limit of its own, which is said rounded.
  function kindOf(kind, names, column, sign, limit, why, not = '') {
    const exact = figure(names, column, sign, limit);
    const rounded = figure(names, column, sign, limit.toFixed(2)).said;
    return {
      ...exact,
      said: `${not}${kind} (${rounded}: ${why})`,
      opposite: () => kindOf(kind, names, column, OPPOSITE[sign], limit, why, 'not '),
    };
  }

  // A condition on a row's layer or head.
  function place(name, sign, number) {
    return {
      said: sign === '!' ? `not ${name} ${number}` : `${name} ${SIGNS[sign]} ${number}`.replace('  ', ' '),
      holds: (row) => holds[sign](row[name], number),
      opposite: () => place(name, OPPOSITE[sign], number),
    };
  }

  function fact(said, test) {
    return { said, holds: test, opposite: () => fact(`not ${said}`, (row) => !test(row)) };
  }

  // The condition that stands at this place of the search, or null.
  function condition(take, names, limits, rows) {
    let found = take('(?:heads? )?(\\d{1,3})-(\\d{1,3})');
    if (found) {
      const [layer, head] = [Number(found[1]), Number(found[2])];
      const named = (row, from) => row.layer + from === layer && row.head + from === head;
      return fact(`head ${layer}-${head}, counted from 0 or from 1`, (row) => named(row, 0) || named(row, 1));
    }
    found = take(`(layer|head)s? ?(${SIGN}|=)? ?(\\d{1,3})`);
    if (found) return place(found[1], SPELLED[found[2]] || found[2] || '=', Number(found[3]));
    for (const [words, column] of MEASURES) {
      found = take(`(?:${words}) ?(${SIGN}) ?(half|\\d+(?:\\.\\d+)?)(?: ?%)?`);
      if (found) return figure(names, column, SPELLED[found[1]] || found[1], found[2] === 'half' ? HALF : Number(found[2]));
      if (column < 7 && take(words)) return figure(names, column, '>=', HALF);
    }
    for (const [words, kind, column, sign, why] of KINDS) {
      if (take(words)) return kindOf(kind, names, column, sign, limits[kind], why);
    }
    if (take('mixed')) return fact('habit mixed', (row) => row.habit === 'mixed');
    const relations = [...new Set(rows.flatMap((row) => row.relations.flatMap((name) => [name, name.split(':')[0]])))];
    found = relations.sort((one, other) => other.length - one.length).find((name) => take(name.replace(/[^\w:]/g, '\\$&')));
    return found ? fact(`known for ${found}`, (row) => row.relations.some((name) => name === found || name.startsWith(`${found}:`))) : null;
  }

  // rows: {layer, head, values, habit, relations}; names: of the seven shares; limits: of KINDS.
  // -> the test of a row, what was understood in words ('' for nothing), and the words that were not.
  function read(query, names, limits, rows) {
    const text = plain(query, names);
    let [at, negated, ways, left] = [0, false, [[]], []];
    const take = (words) => {
      const pattern = new RegExp(`(?:${words})(?![\\p{L}\\d])`, 'uy');
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (found) at = pattern.lastIndex;
      return found;
    };
    // What "not" was said of was not understood: it must not turn round what comes later.
    const drop = () => { if (negated) left.push('not'); negated = false; };
    while (at < text.length) {
      if (/[\s,.;!?()"'\u201c\u201d]/.test(text[at])) { at += 1; continue; }
      if (take('or')) { drop(); ways.push([]); continue; }
      if (take('not|never')) { negated = true; continue; }
      const found = condition(take, names, limits, rows);
      if (found) { ways.at(-1).push(negated ? found.opposite() : found); negated = false; continue; }
      if (take(FILLER)) continue;
      const word = /[^\s,;!?()"'\u201c\u201d]+/y;
      word.lastIndex = at;
      drop();
      left.push(word.exec(text)[0]);
      at = word.lastIndex;
    }
    drop();
    ways = ways.filter((way) => way.length);
    return {
      said: ways.map((way) => way.map((each) => each.said).join(', ')).join('; or '),
      left,
      holds: (row) => !ways.length || ways.some((way) => way.every((each) => each.holds(row))),
    };
  }

  return { read };
})();
