"""As much PromQL as is needed to change it: its tokens, and where the operands of `and`, `or`, `unless`
end. Which words are metrics is what `usage_exporter check --rules` knows."""

import re

TOKEN = re.compile(r"""
      (?P<space>\s+|\#[^\n]*)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+)(?![0-9a-zA-Z_.])
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![0-9a-zA-Z_.])
    | (?P<word>[a-zA-Z_][a-zA-Z0-9_:]*)
    | (?P<operator>==|!=|<=|>=|=~|!~|[-+*/%^<>=@])
    | (?P<bracket>[()\[\]{},:])
    """, re.VERBOSE)

COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
SET_OPERATORS = {"and", "or", "unless"}
_OPEN, _CLOSE = set("([{"), set(")]}")


def tokens(expression):
    """[(kind, text)], kind being a group name of TOKEN; their texts together are the expression."""
    found, position = [], 0
    while position < len(expression):
        match = TOKEN.match(expression, position)
        if not match:
            raise ValueError(f"not PromQL from here: {expression[position:position + 30]!r}")
        found.append((match.lastgroup, match[0]))
        position = match.end()
    return found


def text_of(found):
    return "".join(text for _, text in found)


def in_selector(found):
    """For every token whether it stands within braces, where = and != are no comparisons."""
    inside, result = False, []
    for _, text in found:
        inside = text == "{" or (inside and text != "}")
        result.append(inside)
    return result


def _operand_end(found, start, ends_at):
    """Index after the operand that begins at start: at a closing bracket, or at one of ends_at."""
    depth = 0
    for index in range(start, len(found)):
        text = found[index][1]
        if depth == 0 and (text in _CLOSE or text == "," or text in ends_at):
            return index
        depth += (text in _OPEN) - (text in _CLOSE)
    return len(found)


def _operand_start(found, end, starts_after):
    depth = 0
    for index in range(end - 1, -1, -1):
        text = found[index][1]
        if depth == 0 and (text in _OPEN or text == "," or text in starts_after):
            return index + 1
        depth += (text in _CLOSE) - (text in _OPEN)
    return 0


def _matching_end(found, index):
    """Index after `on (…)` behind a set operator, or index itself where there is none."""
    end = index
    while end < len(found) and found[end][0] == "space":
        end += 1
    if end < len(found) and found[end][1] in ("on", "ignoring"):
        while found[end][1] != ")":
            end += 1
        return end + 1
    return index


def without_each_clause(expression):
    """(what was dropped, expression without it) for either side of every `and` and `or` and for the
    right side of every `unless`."""
    found = tokens(expression)
    for index, (kind, text) in enumerate(found):
        if kind != "word" or text not in SET_OPERATORS:
            continue
        operand = _matching_end(found, index + 1)
        ends = {"or"} if text == "or" else SET_OPERATORS
        end = _operand_end(found, operand, ends)
        yield _shown(found[index:end]), text_of(found[:index] + found[end:])
        start = _operand_start(found, index, ends)
        is_first = start == 0 or found[start - 1][1] not in SET_OPERATORS - {"or"}
        if text == "or" or (text == "and" and is_first):
            yield _shown(found[start:operand]), text_of(found[:start] + found[operand:])


def _shown(found):
    return " ".join(text_of(found).split())
