"""What a translated text must keep, and how Chinese is set beside Latin letters."""

import re
from collections import Counter

__all__ = ["is_english", "markup", "typography"]

# What a translation must carry over as it is: roles and code spans of reST (with the
# same target), of MyST, and the addresses of links.
_MARKUP = [
    re.compile(r":[\w:+-]+:`(?:[^`<]*<)?([^`>]+)>?`"),
    re.compile(r"\{[\w:-]+\}`(?:[^`<]*<)?([^`>]+)>?`"),
    re.compile(r"(``[^`]+``)"),
    re.compile(r"(?<![`:}\w])(`[^`<]+`)(?![`_])"),
    re.compile(r"(?:<|\]\()((?:https?:|#|\.{0,2}/|[\w./-]+\.(?:md|html))[^>)\s]*)[>)]"),
]


def markup(text: str) -> Counter[str]:
    """Count the roles, code spans and link targets of a message.

    Args:
        text: A message in reST or MyST.

    Returns:
        How often each occurs.

    Example:
        >>> markup("Use :func:`abs` on ``x``.") == markup("对 ``x`` 用 :func:`abs`。")
        True
    """
    found: Counter[str] = Counter()
    for pattern in _MARKUP:
        found.update(match.strip() for match in pattern.findall(text))
        text = pattern.sub(" ", text)
    return found


# A role or link counts as a Latin word; one with a Chinese title fits in anywhere.
_WORD = re.compile(
    r":[\w:+-]+:`([^`]*)`|`([^`<]+<[^`]*)`_+|\{[\w:-]+\}`([^`]*)`|``[^`]+``"
)
_CHINESE = "\u4e00-\u9fff"
_TYPOGRAPHY = [
    (re.compile(f"[{_CHINESE}][A-Za-z0-9`$]"), "needs a space between"),
    (re.compile(f"[A-Za-z0-9`$%][{_CHINESE}]"), "needs a space between"),
    (re.compile(f"[{_CHINESE}][,;:!?]"), "needs full-width punctuation"),
    (re.compile("[，。；：！？、（] | [，。；：！？、）]"), "has a space too many at"),
]


def typography(text: str) -> list[str]:
    """List where a Chinese text departs from the typography of the site.

    One space stands between Chinese and Latin letters or digits, none beside
    full-width punctuation, and Chinese words take full-width punctuation.

    Args:
        text: A translated message.

    Returns:
        What is wrong, each with the place.

    Example:
        >>> typography("用GPU 训练"), typography("用 GPU 训练。")
        (["needs a space between '用G'"], [])
    """
    plain = _WORD.sub(_as_word, text).replace("*", "")
    return [
        f"{told} {match[0]!r}"
        for pattern, told in _TYPOGRAPHY
        for match in pattern.finditer(plain)
    ]


def _as_word(match: re.Match[str]) -> str:
    title = next((group for group in match.groups() if group), "")
    return "X" if not re.search(f"[{_CHINESE}]", title) else ""


# What is the same in both languages: markup; the authors and the quoted title of a
# source; addresses; what stands in brackets after a type; the commands of a formula.
_SAME = [
    *_MARKUP,
    re.compile(r'^[^"]+, "[^"]+"'),
    re.compile(r"https?://\S+"),
    re.compile(r"(?<=\w)\[[^\]]*\]"),
    re.compile(r"\\[A-Za-z]+(?:\{[^{}]*\})?"),
]
# A word and one in small letters, such as "Read next", "Run a lesson" or "Day {0} of".
_PHRASE = re.compile(r"[A-Za-z]{2,},?\s+(?:(?:a|\{\w*\}|\d+)\s+)?[a-z]{2,}")


def is_english(text: str) -> bool:
    """Tell whether a translation is English still, without a word of Chinese.

    Single words, names, code, formulas, addresses and sources stay as they are.

    Args:
        text: A translated message.

    Example:
        >>> is_english("Save this file."), is_english("``save`` of PyTorch")
        (True, False)
    """
    if re.search(f"[{_CHINESE}]", text):
        return False
    for pattern in _SAME:
        text = pattern.sub(" 0 ", text)
    return bool(_PHRASE.search(text))
